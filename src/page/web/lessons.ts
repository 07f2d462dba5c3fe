/**
 * Lessons in the browser: after each request of the learner, the lesson, the list or the board is shown again; and what can be pressed.
 *
 *     /live tells a request of ana ──▶ fetch the facts of this address again ──▶ views/lesson.ts ──▶ show
 *     a button "Begin again"       ──▶ POST /lessons/chunks {"as": "ana", "do": "reset"} ──▶ the same
 *
 * Next: tree.ts
 *
 * @module
 */

import type { LessonFacts } from "../../workshop/lesson_facts.ts";
import type { StoryData } from "../../story.ts";
import { addressOf } from "../addresses.ts";
import { element } from "../markup.ts";
import { lessonPart } from "../views/lesson.ts";
import { show } from "./showing.ts";
import type { Hearer } from "./stream.ts";

// The registry gathers the requests of a learner before it looks how far they lead. In milliseconds, like all times here.
const QUIET = 250;
const LONGEST_WAIT = 1000;

/** The lessons, or one of them, or the board. */
export class LessonsRegion implements Hearer {
  readonly #refresh: () => Promise<void>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #first = 0;

  /** `refresh` shows the whole panel again. A single lesson shows only itself again. */
  constructor(refresh: () => Promise<void>) {
    const lesson = document.querySelector<HTMLElement>("[data-island=lesson]");
    this.#refresh = lesson === null ? refresh : () => showLesson(lesson);
    document.addEventListener("click", ({ target }) => {
      const button = target instanceof Element
        ? target.closest<HTMLElement>("[data-do], [data-copy], [data-sample]")
        : null;
      if (button !== null) void this.#press(button);
    });
    document.addEventListener("submit", (event) => {
      const form = event.target as HTMLFormElement;
      if (form.dataset.answer === undefined) return;
      event.preventDefault();
      const answer = String(new FormData(form).get("answer"));
      void this.#change({ as: form.dataset.answer, do: "answer", answer });
    });
  }

  onStory({ repository }: StoryData): void {
    const as = new URLSearchParams(location.search).get("as");
    // A request about no repository may be anybody's.
    if (as === null || repository === undefined || repository.startsWith(`${as}/`)) this.#refreshSoon();
  }

  onChanges(): void {
    this.#refreshSoon();
  }

  onMissed(): void {
    this.#refreshSoon();
  }

  onState(text: string): void {
    if (text === "") this.#refreshSoon();
  }

  #refreshSoon(): void {
    // The list of samples never changes, and says what has become of the last one.
    if (document.body.dataset.panel === "samples") return;
    const now = performance.now();
    if (this.#timer === undefined) this.#first = now;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // If the registry does not answer, the stream says so.
      this.#refresh().catch(() => {});
    }, Math.max(0, Math.min(QUIET, this.#first + LONGEST_WAIT - now)));
  }

  async #press(button: HTMLElement): Promise<void> {
    const { copy, do: action, as, sure, sample, to } = button.dataset;
    if (sample !== undefined) return await pushSample(sample, to!);
    if (copy !== undefined) {
      if (await isCopied(copy, button.parentElement!.querySelector("code") ?? button.closest("details")!)) {
        const { textContent: text } = button;
        button.textContent = "Copied";
        setTimeout(() => button.textContent = text, 1500);
      }
      return;
    }
    if (sure !== undefined && !confirm("Begin all lessons again? What is in the repositories stays.")) return;
    await this.#change({ as, do: action });
  }

  async #change(change: object): Promise<void> {
    const headers = { "Content-Type": "application/json" };
    await fetch(location.pathname, { method: "POST", headers, body: JSON.stringify(change) });
    await this.#refresh();
  }
}

// Copies a text, and returns true if that worked. A page that came over HTTP from another machine, as in a class, has no
// `navigator.clipboard`. The old way copies what is marked, so a text that no way copies is marked at least.
async function isCopied(text: string, shown: Element): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection()?.selectAllChildren(shown);
    const copyAll = (event: ClipboardEvent) => {
      event.clipboardData?.setData("text/plain", text);
      event.preventDefault();
    };
    document.addEventListener("copy", copyAll, { once: true });
    try {
      return document.execCommand("copy");
    } finally {
      document.removeEventListener("copy", copyAll);
    }
  }
}

// Pushes a sample, and says what has become of it.
async function pushSample(name: string, to: string): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(`/samples/${name}`, { method: "POST", headers, body: JSON.stringify({ to }) });
  const { errors, repository, refusal, address } = await response.json();
  const [detail] = [errors?.[0].detail ?? []].flat();
  const path = address ?? repository;
  show(
    document.querySelector("main > .told")!,
    errors !== undefined
      ? element("span", {}, `${name} is not there: expected ${detail?.expected}, got ${detail?.actual}`)
      : refusal !== undefined
      ? element("span", {}, `${name} was refused, as it should be: ${refusal.status} ${refusal.code} ${refusal.rule}`)
      : [`${name} is there: `, element("a", { href: addressOf(path) }, path)],
  );
}

async function showLesson(island: HTMLElement): Promise<void> {
  const response = await fetch(location.href, { headers: { Accept: "application/json" } });
  const facts: LessonFacts = await response.json();
  if ("lesson" in facts) show(island, lessonPart(facts));
}
