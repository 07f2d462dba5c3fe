/**
 * Profiles: the switches that make this registry behave like another one, as far as somebody has written down how that one behaves.
 *
 *     ghcr     no-referrers, delete-off, chunk-max with 4 MiB
 *
 * A profile is no copy of a registry. It has only what its sources say, and each switch names its source.
 *
 * Next: switches.ts
 *
 * @module
 */

import type { SwitchValue } from "./parameters.ts";

/** One switch of a profile. */
export interface ProfileSwitch {
  /** The id of the switch. */
  readonly id: string;
  /** Its parameters, if they are not the usual ones. */
  readonly options?: Readonly<Record<string, SwitchValue>>;
  /** Where somebody says that this registry does so. */
  readonly source: string;
}

/** A named set of switches. */
export interface Profile {
  /** Its name, such as `ecr`. */
  readonly name: string;
  /** The registry. */
  readonly registry: string;
  /** Its switches. */
  readonly switches: readonly ProfileSwitch[];
}

const DISTRIBUTION = "https://github.com/distribution/distribution/blob/0d6b721dc3ceacb5d678c25b718b2f40a507c2d8";
const ZOT = "https://github.com/project-zot/zot/blob/6d19b445fed1c86c23fb7b351fac07cfd4717402";

/** All profiles. */
export const PROFILES: readonly Profile[] = [
  {
    name: "ecr",
    registry: "Amazon Elastic Container Registry",
    switches: [
      { id: "range-stuck", source: "https://github.com/aws/containers-roadmap/issues/2831" },
      { id: "chunk-201", source: "https://github.com/aws/containers-roadmap/issues/2831" },
      {
        id: "page-limit",
        options: { most: 1000 },
        source: "https://github.com/google/go-containerregistry/issues/681",
      },
      { id: "short-pages", options: { most: 100 }, source: "https://github.com/genuinetools/reg/issues/206" },
      { id: "tags-as-text", source: "https://github.com/deitch/docker_registry2/issues/34" },
      {
        id: "no-digest-on-tag-get",
        source:
          "https://github.com/cue-labs/oci/blob/5eb5795f322ad5501a28ecedeb7e9956838fd8a6/ociregistry/ociserver/registry.go#L77-L81",
      },
    ],
  },
  {
    name: "ghcr",
    registry: "GitHub Container Registry",
    switches: [
      { id: "no-referrers", source: "https://github.com/rtvkiz/minimal/issues/7" },
      { id: "delete-off", source: "https://github.com/podman-container-tools/skopeo/issues/1880" },
      { id: "chunk-max", options: { bytes: 4 * 1024 ** 2 }, source: "https://github.com/ocx-sh/ocx/pull/237" },
    ],
  },
  {
    name: "docker-hub",
    registry: "Docker Hub",
    switches: [
      { id: "no-referrers", source: "https://github.com/docker/roadmap/issues/724" },
      { id: "delete-off", source: "https://github.com/docker/hub-feedback/issues/2360" },
      { id: "no-catalog", source: "https://github.com/regclient/regclient/issues/539" },
    ],
  },
  {
    name: "google",
    registry: "Google Artifact Registry",
    switches: [
      { id: "ignore-pagination", source: "https://github.com/cue-labs/oci/issues/53" },
      { id: "no-chunks", source: "https://github.com/podman-container-tools/skopeo/issues/1101" },
    ],
  },
  {
    name: "acr",
    registry: "Azure Container Registry",
    switches: [
      { id: "short-pages", options: { most: 1000 }, source: "https://github.com/Azure/acr/issues/749" },
      {
        id: "upload-location",
        options: { template: "/v2/{name}/blobs/uploads/{session}?_nouploadcache=false&_state=opaque" },
        source: "https://github.com/containerd/containerd/issues/2385",
      },
    ],
  },
  {
    name: "harbor",
    registry: "Harbor 2.9",
    switches: [
      { id: "tag-delete-off", source: "https://github.com/goharbor/harbor/pull/11971" },
      { id: "referrers-as-json", source: "https://github.com/goharbor/harbor/issues/19690" },
      { id: "artifact-type-of-config", source: "https://github.com/goharbor/harbor/issues/19867" },
    ],
  },
  {
    name: "quay",
    registry: "Quay",
    switches: [
      {
        id: "short-pages",
        options: { most: 50 },
        source: "https://github.com/TritonDataCenter/node-docker-registry-client/issues/12",
      },
      { id: "unknown-types-refused", source: "https://github.com/oras-project/oras/issues/738" },
    ],
  },
  {
    name: "gitlab",
    registry: "GitLab container registry",
    switches: [
      { id: "no-referrers", source: "https://gitlab.com/gitlab-org/container-registry/-/issues/1205" },
      { id: "absolute-locations", source: "https://github.com/hpc/charliecloud/issues/1501" },
    ],
  },
  {
    name: "distribution-2",
    registry: "Distribution 2, the image registry:2, as it is configured if nobody changes it",
    switches: [
      { id: "no-referrers", source: "https://github.com/distribution/distribution/issues/3859" },
      { id: "single-post-off", source: `${DISTRIBUTION}/registry/handlers/blobupload.go#L67` },
      { id: "absolute-locations", source: `${DISTRIBUTION}/docs/content/about/configuration.md#L894` },
      { id: "delete-off", source: "https://github.com/distribution/distribution/issues/1222" },
      { id: "ignore-pagination", source: "https://github.com/distribution/distribution/pull/3143" },
      { id: "put-range-400", source: "https://github.com/opencontainers/distribution-spec/issues/590" },
      { id: "no-tag-parameters", source: `${DISTRIBUTION}/registry/handlers/manifests.go#L242` },
      {
        id: "manifest-cap",
        options: { bytes: 4 * 1024 ** 2, status: 400 },
        source: `${DISTRIBUTION}/registry/handlers/manifests.go#L31`,
      },
    ],
  },
  {
    name: "zot",
    registry: "zot",
    switches: [
      { id: "range-of-chunk", source: "https://github.com/regclient/regclient/issues/961" },
      { id: "manifest-as-blob", source: `${ZOT}/pkg/storage/imagestore/imagestore.go#L1728` },
      { id: "manifest-cap", options: { bytes: 4 * 1024 ** 2 }, source: `${ZOT}/pkg/api/constants/consts.go#L25` },
    ],
  },
];
