/**
 * Quirks: what registries may do, or do although they should not, and what clients have to live with.
 *
 * Next: faults.ts
 *
 * @module
 */

import { withHeaders } from "./answers.ts";
import { defineSwitch, refusal, type Switch } from "./switch.ts";

/** Where ociserver defines its options. */
const OCISERVER = "https://github.com/cue-labs/oci/blob/5eb5795f322ad5501a28ecedeb7e9956838fd8a6/ociregistry/ociserver";

/** The quirks. */
export const QUIRKS: readonly Switch[] = [
  defineSwitch("quirk", {
    id: "no-referrers",
    sentence: "does not know the referrers API: 404, and no OCI-Subject",
    met: [
      `${OCISERVER}/registry.go#L48-L50`,
      "https://github.com/rtvkiz/minimal/issues/7",
      "https://github.com/docker/roadmap/issues/724",
    ],
    breaks: ["DISC-REFERRERS-01", "DISC-REFERRERS-02", "PUSH-SUBJECT-01"],
    rows: ["DISC-REFERRERS", "PUSH-MANIFEST"],
    answer: () => async ({ request, question, registry }) => {
      if (question?.heading === "DISC-REFERRERS") {
        throw refusal("UNSUPPORTED", "DISC-REFERRERS-02", "a row of the API", "the referrers API", { status: 404 });
      }
      return withHeaders(await registry(request), (headers) => headers.delete("OCI-Subject"));
    },
  }),
];
