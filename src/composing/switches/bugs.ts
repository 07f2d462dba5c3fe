/**
 * Bugs: what registries were seen to do against a rule of the spec.
 *
 *     Range: 0-4                    after the bytes 0-4
 *     Range: 0-4                    after the bytes 5-9, with range-stuck
 *
 * The rules that a bug breaks are those that a client can notice at the request itself. A test asks a registry with each bug about
 * every rule, and finds just these.
 *
 * Next: early_bugs.ts
 *
 * @module
 */

import { collectGarbage } from "../../housekeeping/collect_garbage.ts";
import { answerLike } from "../asking.ts";
import { endOf, parse, rewrite, withBytes, withStatus } from "./answers.ts";
import { defineSwitch, refusal, type Switch } from "./switch.ts";

/** The bugs that were met in registries of today. */
export const BUGS: readonly Switch[] = [
  defineSwitch("bug", {
    id: "range-stuck",
    sentence: "stores each chunk, but its Range stays at the end of the first one",
    met: ["https://github.com/aws/containers-roadmap/issues/2831", "https://github.com/crashappsec/chalk/pull/682"],
    breaks: ["PUSH-CHUNK-10", "PUSH-CHUNK-I04"],
    excludes: ["range-of-chunk", "range-off-by-one"],
    rows: ["end-5"],
    answer: () => {
      const firsts = new Map<string, string>();
      return async ({ request, question, registry }) => {
        const response = await registry(request);
        const range = response.headers.get("Range");
        const session = question?.texts.session ?? "";
        if (response.status !== 202 || range === null) return response;
        if (!firsts.has(session)) firsts.set(session, range);
        return answerLike(response, (headers) => headers.set("Range", firsts.get(session)!));
      };
    },
  }),
  defineSwitch("bug", {
    id: "range-of-chunk",
    sentence: "counts only the bytes of the last chunk in Range",
    met: [
      "https://github.com/regclient/regclient/issues/961",
      "https://github.com/opencontainers/distribution-spec/issues/580",
    ],
    breaks: ["PUSH-CHUNK-10", "PUSH-CHUNK-I04"],
    excludes: ["range-stuck", "range-off-by-one"],
    rows: ["end-5"],
    answer: () => {
      const ends = new Map<string, number>();
      return async ({ request, question, registry }) => {
        const response = await registry(request);
        const end = endOf(response);
        if (response.status !== 202 || end === undefined) return response;
        const session = question?.texts.session ?? "";
        const before = ends.get(session) ?? -1;
        ends.set(session, end);
        return answerLike(response, (headers) => headers.set("Range", `0-${Math.max(0, end - before - 1)}`));
      };
    },
  }),
  defineSwitch("bug", {
    id: "chunk-201",
    sentence: "answers a chunk with 201 and not with 202",
    met: ["https://github.com/aws/containers-roadmap/issues/2831"],
    breaks: ["PUSH-CHUNK-09"],
    rows: ["end-5"],
    answer: () => async ({ request, registry }) => {
      const response = await registry(request);
      return response.status === 202 ? withStatus(response, 201) : response;
    },
  }),
  defineSwitch("bug", {
    id: "put-range-400",
    sentence: "answers a closing PUT with a chunk out of sequence with 400 and not with 416",
    met: ["https://github.com/opencontainers/distribution-spec/issues/590"],
    breaks: ["PUSH-CHUNK-21"],
    rows: ["end-6"],
    answer: () => async ({ request, registry }) => {
      const response = await registry(request);
      if (response.status !== 416) return response;
      await response.body?.cancel();
      throw refusal("DIGEST_INVALID", "PUSH-CHUNK-21", "the digest of all bytes", "another digest");
    },
  }),
  defineSwitch("bug", {
    id: "reserialise",
    sentence: "keeps the JSON of a manifest and not its bytes",
    met: [
      "https://github.com/opencontainers/distribution-spec/pull/333",
      "https://github.com/moby/buildkit/issues/2963",
    ],
    breaks: ["PULL-HEAD-03", "PULL-MANIFEST-11", "PULL-MANIFEST-13", "PUSH-MANIFEST-09"],
    rows: ["end-3"],
    answer: () => async ({ request, registry }) => {
      const response = await registry(request);
      if (response.status !== 200) return response;
      return await withBytes(request, response, (bytes) => JSON.stringify(parse(bytes)), registry);
    },
  }),
  defineSwitch("bug", {
    id: "tag-delete-deletes-manifest",
    sentence: "deletes the manifest with the tag",
    met: ["https://github.com/project-zot/zot/issues/67"],
    breaks: ["DEF-I03"],
    excludes: ["delete-off", "tag-delete-off"],
    rows: ["MGMT-TAG"],
    answer: () => async ({ request, name, registry }) => {
      const head = await registry(rewrite(request, { method: "HEAD" }));
      const digest = head.headers.get("Docker-Content-Digest");
      const response = await registry(request);
      if (digest === null || !response.ok) return response;
      await registry(rewrite(request, { path: `/v2/${name}/manifests/${digest}` }));
      return response;
    },
  }),
  defineSwitch("bug", {
    id: "digest-delete-leaves-tag",
    sentence: "deletes a manifest, and goes on to serve it by its tags",
    met: [
      "https://github.com/getnora-io/nora/issues/658",
      "https://github.com/distribution/distribution/issues/1293",
    ],
    breaks: ["MGMT-MANIFEST-I01"],
    excludes: ["delete-off"],
    rows: ["MGMT-MANIFEST", "end-3", "end-7a"],
    answer: () => {
      const left = new Map<string, { bytes: Uint8Array<ArrayBuffer>; headers: Headers }>();
      return async ({ request, question, name, registry }) => {
        const reference = question?.texts.tagOrDigest ?? "";
        if (request.method === "PUT") left.delete(`${name}:${reference}`);
        if (request.method !== "DELETE") {
          const response = await registry(request);
          const kept = left.get(`${name}:${reference}`);
          if (response.status !== 404 || kept === undefined) return response;
          return new Response(request.method === "HEAD" ? null : kept.bytes, { headers: kept.headers });
        }
        const list = await registry(rewrite(request, { method: "GET", path: `/v2/${name}/tags/list` }));
        const { tags = [] } = list.ok ? await list.json() : {};
        for (const tag of tags) {
          const pulled = await registry(rewrite(request, { method: "GET", path: `/v2/${name}/manifests/${tag}` }));
          if (pulled.headers.get("Docker-Content-Digest") !== question?.texts.digest) continue;
          left.set(`${name}:${tag}`, { bytes: await pulled.bytes(), headers: pulled.headers });
        }
        return registry(request);
      };
    },
  }),
  defineSwitch("bug", {
    id: "no-content-type",
    sentence: "sends no Content-Type with manifests",
    met: ["https://github.com/moby/moby/issues/31318", "https://github.com/containerd/containerd/issues/7390"],
    breaks: ["PULL-MANIFEST-09", "PULL-MANIFEST-I02"],
    excludes: ["docker-type-always"],
    rows: ["end-3"],
    answer: () => async ({ request, registry }) =>
      answerLike(await registry(request), (headers) => headers.delete("Content-Type")),
  }),
  defineSwitch("bug", {
    id: "gc-without-grace",
    sentence: "collects garbage between the push of the blobs and the push of the manifest",
    met: ["https://github.com/quay/quay/pull/6318", "https://github.com/openshift/origin/issues/3333"],
    breaks: ["PUSH-MANIFEST-10"],
    rows: ["PUSH-MANIFEST"],
    answer: (_, { disk }) => {
      const collected = disk();
      return async ({ request, registry }) => {
        await Array.fromAsync(collectGarbage(collected, { grace: 0 }));
        return registry(request);
      };
    },
  }),
  defineSwitch("bug", {
    id: "referrers-lost-update",
    sentence: "loses a referrer if another one of the same subject is pushed at the same time",
    met: [
      "https://github.com/google/go-containerregistry/pull/2209",
      "https://github.com/regclient/regclient/pull/427",
    ],
    breaks: ["UPGRADE-03"],
    excludes: ["no-referrers"],
    rows: ["PUSH-MANIFEST", "DISC-REFERRERS"],
    answer: () => {
      const running = new Map<string, Set<object>>();
      const lost = new Set<string>();
      return async ({ request, question, name, registry }) => {
        if (question?.heading === "DISC-REFERRERS") {
          const response = await registry(request);
          if (response.status !== 200) return response;
          return await withBytes(request, response, (bytes) => {
            const index = parse(bytes) as { manifests: { digest: string }[] };
            const manifests = index.manifests.filter(({ digest }) => !lost.has(`${name} ${digest}`));
            return JSON.stringify({ ...index, manifests });
          }, registry);
        }
        const bytes = await request.bytes();
        const subject = (parse(bytes) as { subject?: { digest?: string } } | undefined)?.subject?.digest;
        const others = running.get(`${name} ${subject}`) ?? new Set();
        const token = { isOverwritten: false };
        if (subject !== undefined) {
          // A push that began before reads the list without this one, and writes it back later.
          for (const other of others) Object.assign(other, { isOverwritten: true });
          running.set(`${name} ${subject}`, others.add(token));
        }
        const response = await registry(rewrite(request, { body: bytes }));
        others.delete(token);
        if (token.isOverwritten) lost.add(`${name} ${response.headers.get("Docker-Content-Digest")}`);
        return response;
      };
    },
  }),
  defineSwitch("bug", {
    id: "referrers-as-json",
    sentence: "sends the list of referrers as application/json",
    met: ["https://github.com/goharbor/harbor/issues/19690"],
    breaks: ["DISC-REFERRERS-05"],
    excludes: ["no-referrers"],
    rows: ["DISC-REFERRERS"],
    answer: () => async ({ request, registry }) => {
      const response = await registry(request);
      if (response.status !== 200) return response;
      return answerLike(response, (headers) => headers.set("Content-Type", "application/json"));
    },
  }),
  defineSwitch("bug", {
    id: "artifact-type-of-config",
    sentence: "lists referrers with the media type of the config, even if they have an artifactType",
    met: ["https://github.com/goharbor/harbor/issues/19867"],
    breaks: ["DISC-REFERRERS-06", "DISC-REFERRERS-08"],
    excludes: ["no-referrers"],
    rows: ["DISC-REFERRERS"],
    answer: () => async ({ request, name, registry }) => {
      const response = await registry(request);
      if (response.status !== 200) return response;
      const index = await response.clone().json();
      for (const descriptor of index.manifests) {
        const path = `/v2/${name}/manifests/${descriptor.digest}`;
        const manifest = parse(await (await registry(rewrite(request, { method: "GET", path }))).bytes());
        descriptor.artifactType = (manifest as { config?: { mediaType: string } } | undefined)?.config?.mediaType ?? "";
      }
      return await withBytes(request, response, () => JSON.stringify(index), registry);
    },
  }),
  defineSwitch("bug", {
    id: "manifest-as-blob",
    sentence: "serves manifests as blobs, too",
    met: [
      "https://github.com/project-zot/zot/blob/6d19b445fed1c86c23fb7b351fac07cfd4717402/pkg/storage/imagestore/imagestore.go#L1728",
    ],
    breaks: ["PULL-BLOB-08"],
    rows: ["end-2"],
    answer: () => async ({ request, question, name, registry }) => {
      const response = await registry(request);
      if (response.status !== 404) return response;
      const manifest = await registry(rewrite(request, { path: `/v2/${name}/manifests/${question?.texts.digest}` }));
      return manifest.status === 200 ? manifest : response;
    },
  }),
];
