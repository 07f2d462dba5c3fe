/**
 * The facts of samples: what the page, the terminal and programs show of them.
 *
 *     { samples: [{ name: "lying-digest", kind: "refused", purpose: "A blob under the digest of other bytes.",
 *                   meets: "400 DIGEST_INVALID PUSH-SINGLE-03" }, …],
 *       kinds: { refused: "The registry refuses it.", … } }
 *
 * Next: learner.ts
 *
 * @module
 */

/** The kinds of samples: nothing is wrong; the registry refuses it; a look finds it broken; its files on the disk are damaged. */
export type SampleKind = "good" | "refused" | "broken" | "damaged";

/** A sample, in words. */
export interface SampleInfo {
  /** Its name, such as `shared-base`. */
  readonly name: string;
  /** Its kind. */
  readonly kind: SampleKind;
  /** A sentence: what it shows, or what is wrong with it. */
  readonly purpose: string;
  /** What a bad one meets: the refusal, or the sentence that somebody who looks will read. */
  readonly meets?: string;
}

/** All samples, as `GET /samples` answers. */
export interface SamplesFacts {
  /** The samples. */
  readonly samples: readonly SampleInfo[];
  /** A sentence about each kind. */
  readonly kinds: Readonly<Record<SampleKind, string>>;
}
