/**
 * The page in the browser: what it does after the document is there.
 *
 *     /live tells a change ──▶ does it touch what is shown? ──▶ fetch the facts of this address again ──▶ views/at.ts ──▶ show
 *
 * Without this module the page shows the same facts; a person then reloads it to see more.
 *
 * Next: stream.ts
 *
 * @module
 */

import { type Markup, visible } from "../markup.ts";
import { unreadableView } from "../views/unreadable.ts";
import { show } from "./showing.ts";
import { type Hearer, Stream } from "./stream.ts";

/** A view, as its module in `views/` exports it. */
interface View {
  titleOf(facts: unknown): string;
  view(facts: unknown): Markup;
}

const main = document.querySelector("main")!;
const panel = document.body.dataset.panel!;

// What can be pressed and does nothing without this module is shown only now.
document.documentElement.dataset.script = "";

/** Fetches the facts of this address again, and shows them. */
export async function refresh(): Promise<void> {
  const response = await fetch(location.href, { headers: { Accept: "application/json" } });
  const { titleOf, view }: View = await import(`../views/${panel}.ts`);
  const facts = await response.json();
  document.title = `${visible(titleOf(facts))} - Glassbox`;
  show(main, view(facts));
  show(document.querySelector("#unreadable")!, unreadableView(facts.unreadable));
}

// After a change, this waits for others, because a push makes many. But nobody waits for long.
const QUIET = 200;
const LONGEST_WAIT = 1000;

// The panels that show files of the folder, or what is not there and may come.
const PANELS_OF_FILES = ["at", "diff", "missing"];

// Refreshes the panel if a change touches the repository that it shows.
class Refreshing implements Hearer {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #first = 0;
  #isAway = false;

  onStory({ changes }: { changes: readonly { path: string }[] }): void {
    this.onChanges(changes);
  }

  onChanges(changes: readonly { path: string }[]): void {
    if (changes.some(({ path }) => isShown(path))) this.#refreshSoon();
  }

  // Something was missed.
  onMissed(): void {
    this.#refreshSoon();
  }

  onState(text: string): void {
    if (text === "" && this.#isAway) this.#refreshSoon();
    this.#isAway = text !== "";
  }

  #refreshSoon(): void {
    if (!PANELS_OF_FILES.includes(panel)) return;
    const now = performance.now();
    if (this.#timer === undefined) this.#first = now;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // If the registry does not answer, the stream says so.
      refresh().catch(() => {});
    }, Math.max(0, Math.min(QUIET, this.#first + LONGEST_WAIT - now)));
  }
}

// The folders that this address is about: those of the repositories in it.
const shown = [
  ...decodeURIComponent(location.pathname).matchAll(/^\/at\/(.*)$/g),
  ...[...new URLSearchParams(location.search)].map(([, value]) => ["", value]),
].map(([, path]) => path.split("/").filter((part) => part !== ""))
  .map((parts) => parts.slice(0, parts.findIndex((part) => /^_|:/.test(part)) >>> 0).join("/"));

// A change counts in the repository, in the folders above it, and in those below it.
function isShown(path: string): boolean {
  return shown.length === 0 ||
    shown.some((folder) => folder === "" || path.startsWith(`${folder}/`) || folder.startsWith(path));
}

const hearers: Hearer[] = [new Refreshing()];

const live = document.querySelector<HTMLElement>("[data-island=live]");
if (live !== null) {
  const { LiveRegion } = await import("./live.ts");
  hearers.push(new LiveRegion(live));
} else hearers.push({ onState: say });

const time = document.querySelector<HTMLFormElement>("[data-island=time]");
if (time !== null) {
  const { TimeSlider } = await import("./time.ts");
  hearers.push(new TimeSlider(time));
}

// The modules of the graph are loaded if there is one.
if (document.querySelector("[data-island=graph]") !== null) {
  const { drawGraphs } = await import("./graph.ts");
  const regions = drawGraphs();
  const tell = (changes?: readonly { path: string }[]) => {
    const paths = changes?.map(({ path }) => path);
    if (paths === undefined || paths.length > 0) regions.forEach((region) => region.changed(paths));
  };
  let isAway = false;
  hearers.push({
    onStory: ({ changes }) => tell(changes),
    onChanges: tell,
    onMissed: () => tell(),
    onState(text) {
      if (text === "" && isAway) tell();
      isAway = text !== "";
    },
  });
}

if (["lessons", "lesson", "board", "samples"].includes(panel)) {
  const { LessonsRegion } = await import("./lessons.ts");
  hearers.push(new LessonsRegion(refresh));
}

if (document.querySelector("[data-island=tree]") !== null) {
  void import("./tree.ts").then(({ showTrees }) => showTrees());
}
if (document.querySelector("[data-island=hash]") !== null) {
  void import("./hashing.ts").then(({ showHashes }) => showHashes());
}

// Only the live stories need those from before.
new Stream(live === null ? "now" : "", hearers);

// Says on a panel without live stories that the registry does not answer.
function say(text: string): void {
  const status = document.querySelector("body > [role=status]") ?? document.createElement("p");
  status.setAttribute("role", "status");
  status.textContent = text;
  if (!status.isConnected) main.before(status);
}
