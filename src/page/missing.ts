/**
 * The facts of an address that shows nothing, and what is nearby.
 *
 *     GET /rule/push-chnuk-10     { status: 404, address: "/rule/push-chnuk-10", nearby: [{ text: "PUSH-CHUNK-10", … }] }
 *
 * Next: views/missing.ts
 *
 * @module
 */

import { HEADINGS } from "../spec/headings.ts";
import { look } from "../looking/look.ts";
import { nearest } from "../looking/nearby.ts";
import {
  addressOf,
  addressOfRule,
  addressOfSource,
  addressOfStory,
  type Kind,
  KINDS,
  type PageAddress,
} from "./addresses.ts";
import type { PageContext } from "./context.ts";
import { ownSources } from "./own_files.ts";
import { allRules } from "./rules.ts";
import { maySeeStory } from "./seeing.ts";

/** The facts of an address that shows nothing. */
export interface NothingFacts {
  /** The status of the answer. */
  readonly status: 404;
  /** The address. */
  readonly address: string;
  /** What is there, and has nearly the same address. */
  readonly nearby: readonly { readonly text: string; readonly address: string }[];
}

// The addresses that show no panel.
const NO_PANELS: readonly Kind[] = ["login", "live", "web"];

/** Returns the facts of an address that shows nothing. */
export async function nothingAt({ kind, rest }: PageAddress, context: PageContext): Promise<NothingFacts> {
  return { status: 404, address: `/${kind}/${rest}`, nearby: await near(kind, rest, context) };
}

/** Returns the facts of a path that is no address of the page: perhaps somebody has left out `/at/`, or mistyped the first part. */
export async function nearPath(pathname: string, { disk, maySee, maySeeAll }: PageContext): Promise<NothingFacts> {
  const [, first, rest] = /^\/([^/]*)\/?(.*)$/s.exec(pathname) ?? ["", "", ""];
  const kinds = nearest(first, KINDS.filter((kind) => !NO_PANELS.includes(kind)));
  const found = await look(disk, pathname.slice(1), maySeeAll ? {} : { maySee });
  const paths = found.kind === "missing" ? found.near : found.kind === "invalid" ? [] : [found];
  return {
    status: 404,
    address: pathname,
    nearby: [
      ...paths.map(({ address }) => ({ text: `/at/${address}`, address: addressOf(address) })),
      ...kinds.map((kind) => ({
        text: `/${kind}/${rest}`,
        address: new URL(`/${kind}/${rest}`, "http://localhost").pathname,
      })),
      { text: "all repositories", address: "/at/" },
      { text: "the last stories", address: "/" },
    ],
  };
}

async function near(kind: string, rest: string, context: PageContext): Promise<NothingFacts["nearby"]> {
  if (kind === "rule") {
    const ids = (await allRules()).map(({ id }) => id);
    const headings = nearest(rest, HEADINGS.map(({ rules }) => rules)).slice(0, 2);
    return [
      ...nearest(rest, ids).map((id) => ({ text: id, address: addressOfRule(id) })),
      ...headings.map((id) => ({ text: `all of ${id}`, address: `/rule/#${id}` })),
      { text: "all rules", address: "/rule/" },
    ];
  }
  if (kind === "source") {
    const files = (await ownSources()).map(({ file }) => file);
    const last = rest.slice(rest.lastIndexOf("/") + 1);
    // A file that has moved to another folder has still its name.
    const found = new Set([
      ...files.filter((file) => last !== "" && file.endsWith(`/${last}`)),
      ...nearest(rest, files),
    ]);
    const sources = [...found].slice(0, 5).map((file) => ({ text: file, address: addressOfSource(file) }));
    return [...sources, { text: "all sources", address: "/source/" }];
  }
  if (kind === "story") {
    const ids = (await context.stories.recent()).filter((story) => maySeeStory(context, story)).map(({ id }) => id);
    const found = nearest(rest, ids).map((id) => ({ text: id, address: addressOfStory(id) }));
    return [...found, { text: "the last stories", address: "/" }];
  }
  return [{ text: "the last stories", address: "/" }, { text: "all repositories", address: "/at/" }];
}
