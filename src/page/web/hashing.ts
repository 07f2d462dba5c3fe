/**
 * Hashing in the browser: computes the digest of a blob, and lets a person change a byte.
 *
 *     sha256 of the bytes          9b4e0fd27c1a…     the name of the blob
 *     byte 0: 1f ──▶ 1e            47d2a91c03be…     another name: 61 of 64 digits differ
 *
 * The bytes come as a download, and stay here. Nothing is sent.
 *
 * Next: showing.ts
 *
 * @module
 */

import { addressOf } from "../addresses.ts";
import { element, type Markup } from "../markup.ts";
import { show } from "./showing.ts";

// A larger blob is computed only in part: its first bytes.
const MOST = 1024 * 1024;

/** Adds what a person can try to each section about a digest. */
export function showHashes(): void {
  for (const section of document.querySelectorAll<HTMLElement>("[data-island=hash]")) new HashSection(section);
}

class HashSection {
  readonly #place: HTMLElement;
  readonly #address: string;
  readonly #algorithm: string;
  readonly #digest: string;
  readonly #size: number;
  #bytes = new Uint8Array();
  #own = "";

  constructor(section: HTMLElement) {
    const { address, digest, size } = section.dataset;
    this.#address = address!;
    this.#size = Number(size);
    [this.#algorithm, this.#digest] = digest!.split(":");
    this.#place = document.createElement("div");
    section.append(this.#place);
    const name = { sha256: "SHA-256", sha512: "SHA-512" }[this.#algorithm];
    // Browsers compute hashes only in documents that nobody can have changed on their way.
    if (name === undefined || crypto.subtle === undefined) {
      show(
        this.#place,
        element("p", {}, "This browser does not compute it here: it needs https, or a registry on this machine."),
      );
      return;
    }
    show(this.#place, element("button", { type: "button" }, "Compute it here"));
    this.#place.querySelector("button")!.addEventListener("click", () => void this.#begin(name), { once: true });
  }

  async #begin(name: string): Promise<void> {
    const range = this.#size > MOST ? { Range: `bytes=0-${MOST - 1}` } : undefined;
    const response = await fetch(`${addressOf(this.#address)}?download`, { headers: range });
    if (!response.ok) return show(this.#place, element("p", { role: "status" }, "The bytes are not there any more."));
    this.#bytes = new Uint8Array(await response.arrayBuffer());
    this.#own = await hexOf(name, this.#bytes);
    const isWhole = this.#bytes.length === this.#size;
    const text: Markup = isWhole
      ? this.#own === this.#digest ? "That is its name." : "That is not its name: the file is broken."
      : `That is the digest of its first ${MOST} bytes only. The name is that of all ${this.#size}.`;
    show(this.#place, [
      element("p", { role: "status" }, element("code", {}, `${this.#algorithm}:${this.#own}`), " ", text),
      this.#bytes.length > 0 && element(
        "p",
        { class: "toolbar" },
        element(
          "label",
          {},
          "Byte ",
          element("input", { name: "offset", value: "0", pattern: "[0-9]+", maxlength: 10 }),
        ),
        element(
          "label",
          {},
          "becomes ",
          element("input", {
            name: "value",
            value: digits(this.#bytes[0] ^ 1),
            pattern: "[0-9a-fA-F]{1,2}",
            maxlength: 2,
          }),
        ),
        element("button", { type: "button" }, "Change it"),
      ),
      element("p", { role: "status", class: "changed" }),
    ]);
    const change = () => void this.#change(name);
    this.#place.querySelector("button")?.addEventListener("click", change);
    for (const input of this.#place.querySelectorAll("input")) input.addEventListener("input", change);
  }

  async #change(name: string): Promise<void> {
    const [offset, value] = Array.from(this.#place.querySelectorAll("input"), ({ value }) => value);
    const at = Number(offset);
    const byte = Number.parseInt(value, 16);
    const status = this.#place.querySelector(".changed")!;
    if (!Number.isInteger(at) || at < 0 || at >= this.#bytes.length || !(byte >= 0 && byte <= 255)) {
      return show(
        status,
        `A byte is a number from 0 to ${this.#bytes.length - 1}, and its value two digits from 00 to ff.`,
      );
    }
    const copy = this.#bytes.slice();
    copy[at] = byte;
    const other = await hexOf(name, copy);
    const different = [...other].filter((digit, index) => digit !== this.#own[index]).length;
    show(status, [
      `Byte ${at}: ${digits(this.#bytes[at])} becomes ${digits(byte)}. `,
      element(
        "code",
        {},
        `${this.#algorithm}:`,
        [...other].map((digit, index) => digit === this.#own[index] ? digit : element("mark", {}, digit)),
      ),
      different === 0
        ? " The same byte, so the same digest."
        : ` ${different} of ${other.length} digits are others. So it is other content, with another name.`,
    ]);
  }
}

async function hexOf(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return Array.from(new Uint8Array(await crypto.subtle.digest(name, bytes)), digits).join("");
}

function digits(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
