/**
 * The slider in the browser: goes to the moment where it is let go, and grows with the stories.
 *
 * Next: graph.ts
 *
 * @module
 */

import type { StoryData } from "../../story.ts";
import type { Hearer } from "./stream.ts";

/** The slider through the stories. */
export class TimeSlider implements Hearer {
  readonly #form: HTMLFormElement;
  readonly #input: HTMLInputElement;
  readonly #ids: string[];

  /** Takes the form that the server has written. */
  constructor(form: HTMLFormElement) {
    this.#form = form;
    this.#ids = form.dataset.ids!.split(" ").filter((id) => id !== "");
    this.#input = form.querySelector("input")!;
    const go = () => {
      const step = Number(this.#input.value);
      location.href = step === this.#ids.length ? "/" : `/?${new URLSearchParams({ at: this.#ids[step - 1] })}`;
    };
    this.#input.addEventListener("change", go);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      go();
    });
    form.querySelector("button")!.hidden = true;
  }

  onStory({ id }: StoryData): void {
    if (this.#ids.includes(id)) return;
    const isAtEnd = this.#input.value === this.#input.max;
    this.#ids.push(id);
    this.#form.hidden = false;
    this.#input.max = String(this.#ids.length);
    if (isAtEnd && !location.search.includes("at=")) this.#input.value = this.#input.max;
  }
}
