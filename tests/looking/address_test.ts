/** Addresses: the paths on disk, and what a person types in place of them. */

import { assertEquals } from "@std/assert";
import { type AddressParts, manifestAddress, parseAddress, wayTo } from "../../src/looking/address.ts";
import { asTyped } from "../../src/looking/next.ts";
import { digestOf } from "../fixture.ts";

const NAME = "library/hello";
const FOO = digestOf("foo");
const SESSION = "0f9c5d3e-5b1a-4a54-9d0e-2f6c1a7b8e90";

function expectParts(text: string, parts: Record<string, string>): void {
  assertEquals<unknown>(parseAddress(text), parts, text);
}

function expectNone(text: string, actual: string): void {
  const parts = parseAddress(text);
  assertEquals("expected" in parts ? parts.actual : parts, actual, text);
}

Deno.test("an address is a path on disk, with or without / at its ends", () => {
  expectParts("", { name: "", place: "name" });
  expectParts("/", { name: "", place: "name" });
  expectParts("library", { name: "library", place: "name" });
  expectParts("/library/hello/", { name: NAME, place: "name" });
  expectParts(`${NAME}/_tags`, { name: NAME, place: "tags" });
  expectParts(`${NAME}/_tags/v1`, { name: NAME, place: "tag", value: "v1" });
  expectParts(`${NAME}/${FOO}`, { name: NAME, place: "content", value: FOO });
  expectParts(`${NAME}/${FOO}/manifest.json`, { name: NAME, place: "content", value: FOO, file: "manifest.json" });
  expectParts(`${NAME}/_referrers`, { name: NAME, place: "subjects" });
  expectParts(`${NAME}/_referrers/${FOO}`, { name: NAME, place: "referrers", value: FOO });
  expectParts(`${NAME}/_referrers/${FOO}/${FOO}.json`, {
    name: NAME,
    place: "referrers",
    value: FOO,
    file: `${FOO}.json`,
  });
  expectParts(`${NAME}/_uploads`, { name: NAME, place: "uploads" });
  expectParts(`${NAME}/_uploads/${SESSION}/data`, { name: NAME, place: "upload", value: SESSION, file: "data" });
});

Deno.test("a person may type what docker takes, and the beginning of a digest as the commands print it", () => {
  expectParts(`${NAME}:v1`, { name: NAME, place: "tag", value: "v1" });
  expectParts(`${NAME}@${FOO}`, { name: NAME, place: "content", value: FOO });
  expectParts(`${NAME}:v1@${FOO}`, { name: NAME, place: "content", value: FOO });
  expectParts(`${NAME}@sha256:2c26`, { name: NAME, place: "content", value: "sha256:2c26" });
  expectParts(`${NAME}/sha256:2c26b46b68ff…`, { name: NAME, place: "content", value: "sha256:2c26b46b68ff" });
  expectParts(`${NAME}@sha256:2c26b46b68ff...`, { name: NAME, place: "content", value: "sha256:2c26b46b68ff" });
});

Deno.test("a tag is no digest, and a digest no tag, however alike they look", () => {
  expectParts("library/hello:abcd", { name: NAME, place: "tag", value: "abcd" });
  expectParts("library/sha256:abcd", { name: "library", place: "content", value: "sha256:abcd" });
  expectParts("sha256:abcd", { name: "sha256", place: "tag", value: "abcd" });
  expectParts("library/crc:abcd/blob", { name: "library", place: "content", value: "crc:abcd", file: "blob" });
});

Deno.test("behind # stands a JSON pointer, and behind !/ a path in a layer, which may have any character", () => {
  expectParts(`${NAME}:v1#/layers/0`, { name: NAME, place: "tag", value: "v1", pointer: "/layers/0" });
  expectParts(`${NAME}:v1#`, { name: NAME, place: "tag", value: "v1", pointer: "" });
  expectParts(`${NAME}:v1#/a!/b`, { name: NAME, place: "tag", value: "v1", pointer: "/a!/b" });
  expectParts(`${NAME}:v1!/etc/motd`, { name: NAME, place: "tag", value: "v1", path: "etc/motd" });
  expectParts(`${NAME}:v1!/`, { name: NAME, place: "tag", value: "v1", path: "" });
  expectParts(`${NAME}:v1!`, { name: NAME, place: "tag", value: "v1", path: "" });
  expectParts(`${NAME}!/a b#c!/d:e@f\n`, { name: NAME, place: "name", path: "a b#c!/d:e@f\n" });
});

Deno.test("what is no address is told with what was expected, and what came", () => {
  expectNone("Library/Hello", '"Library/Hello"; did you mean library/hello?');
  expectNone("library/../hello", '"library/../hello"');
  expectNone("_tags", '"_tags"');
  expectNone(`${NAME}/_other`, '"_other"');
  expectNone(`${NAME}:.hidden`, '".hidden"');
  expectNone(`${NAME}:`, '""');
  expectNone(`${NAME}@`, '""');
  expectNone(`${NAME}@sha256:2c2`, '"sha256:2c2"');
  expectNone(`${NAME}@sha256:${"0".repeat(1000)}`, JSON.stringify(`sha256:${"0".repeat(92)}`).replace(/"$/, "…"));
  expectNone(`${NAME}/_tags/v1/more`, '"more"');
  expectNone(`${NAME}/_uploads/here`, '"here"');
  expectNone(`${NAME}/_referrers/here`, '"here"');
  expectNone(`${NAME}/${FOO}/layer.tar/etc`, '"etc"');
  expectNone(`${NAME}:v1#layers`, '"#layers"');
  expectNone(`${NAME}:v1#/~2`, '"#/~2"');
  expectNone("a".repeat(300), `"${"a".repeat(99)}…`);
});

Deno.test("an address in the form that a person types leads to the same place", () => {
  const short = FOO.slice(0, 19);
  const forms = {
    [`${NAME}/_tags/v1`]: `${NAME}:v1`,
    [manifestAddress(NAME as never, FOO as never)]: `${NAME}@${short}`,
    [`${NAME}/${FOO}/layer.tar.gz!/etc/motd`]: `${NAME}@${short}!/etc/motd`,
    [`${NAME}/${FOO}/manifest.json#/config`]: `${NAME}@${short}#/config`,
    [`${NAME}/_referrers/${FOO}`]: `${NAME}/_referrers/${short}`,
    [NAME]: NAME,
  };
  for (const [address, typed] of Object.entries(forms)) {
    assertEquals(asTyped(address), typed);
    const [one, other] = [parseAddress(address), parseAddress(typed)] as AddressParts[];
    assertEquals([one.name, one.place, one.path, one.pointer], [other.name, other.place, other.path, other.pointer]);
  }
});

Deno.test("the way to an address is each folder above it", () => {
  const way = (text: string) => wayTo(parseAddress(text) as AddressParts).map(({ address }) => address);
  assertEquals(way(""), []);
  assertEquals(way(NAME), ["", "library"]);
  assertEquals(way(`${NAME}:v1`), ["", "library", NAME, `${NAME}/_tags`]);
  assertEquals(way(`${NAME}@${FOO}`), ["", "library", NAME]);
});
