/** https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#listing-tags */

import { assertEquals, assertThrows } from "@std/assert";
import { Fault } from "../../src/definitions/fault.ts";
import { entriesAfter, LARGEST_PAGE, parsePage } from "../../src/definitions/page.ts";

function pageOf(query: string) {
  return parsePage(new URLSearchParams(query));
}

Deno.test("DISC-TAGS-06 DISC-TAGS-09: n is the size of a page, and 0 is a size too", () => {
  assertEquals(pageOf("n=2"), { size: 2, last: "" });
  assertEquals(pageOf("n=0"), { size: 0, last: "" });
  assertEquals(pageOf("n=007"), { size: 7, last: "" });
});

Deno.test("DISC-TAGS-15: last may come with n, and without it", () => {
  assertEquals(pageOf("n=2&last=v1"), { size: 2, last: "v1" });
  assertEquals(pageOf("last=v1"), { size: undefined, last: "v1" });
});

Deno.test("DISC-TAGS-06: without n the client asks for the whole list", () => {
  assertEquals(pageOf(""), { size: undefined, last: "" });
});

Deno.test("DISC-TAGS-06: an n larger than the largest page is cut to it", () => {
  assertEquals(pageOf(`n=${LARGEST_PAGE}`), { size: LARGEST_PAGE, last: "" });
  assertEquals(pageOf(`n=${LARGEST_PAGE + 1}`), { size: LARGEST_PAGE, last: "" });
  assertEquals(pageOf(`n=${"9".repeat(400)}`), { size: LARGEST_PAGE, last: "" });
});

Deno.test("DISC-TAGS-06: an n that is no whole number from 0 is a fault that shows it", () => {
  for (const n of ["", "-1", "2.5", "+2", "0x2", "1e3", "two", "2 ", "٢"]) {
    const fault = assertThrows(() => pageOf(`n=${encodeURIComponent(n)}`), Fault);

    assertEquals(
      [fault.rule, fault.expected, fault.actual],
      ["DISC-TAGS-06", "a whole number from 0 as n", `"${n}"`],
      n,
    );
  }
});

Deno.test("DISC-TAGS-14: the entries after last come in order, whether last is among them or not", () => {
  for (const [last, entries] of Object.entries({ "": "abc", "a": "bc", "aa": "bc", "c": "", "z": "" })) {
    assertEquals([...entriesAfter(["a", "b", "c"], last)].join(""), entries, last);
  }
});
