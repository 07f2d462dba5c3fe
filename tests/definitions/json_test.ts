/** https://github.com/opencontainers/image-spec/blob/13cff54/considerations.md#json */

import { assertEquals, assertThrows } from "@std/assert";
import { Fault } from "../../src/definitions/fault.ts";
import { parseJson } from "../../src/definitions/json.ts";
import { atOnce } from "../../src/giving_way.ts";

const PLACES = ["", "config", "layers[]"];

function parse(text: string): unknown {
  return atOnce(parseJson(new TextEncoder().encode(text), PLACES));
}

Deno.test("DEF-I02: JSON is read as JSON.parse reads it", () => {
  for (
    const text of [
      "{}",
      " [1, 2.5e3, true, null] ",
      '{"a":{"b":["c",{"d":"e"}]}}',
      String.raw`{"quote \" and backslash \\":"\\","b":"\u00e4\\\""}`,
      '{"config":":","layers":["config","config"]}',
      '{"layers":[{"size":1},{"size":1}],"config":{"size":1}}',
      "2",
    ]
  ) {
    assertEquals(parse(text), JSON.parse(text));
  }
});

Deno.test("DEF-I02: a text that is not JSON in UTF-8, or has something around it, is a fault", () => {
  for (
    const text of [
      "",
      " ",
      "{",
      "}",
      '{"a"}',
      "{'a':1}",
      '{"a":1,}',
      "\ufeff{}",
      "{}{}",
      "{}x",
      '{"a',
      '{"\\x":1}',
      ":",
    ]
  ) {
    assertEquals(assertThrows(() => parse(text), Fault).rule, "DEF-I02");
  }
  for (const bytes of [[0x22, 0xff, 0x22], [0x22, 0xc3, 0x22], [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]]) {
    assertEquals(assertThrows(() => atOnce(parseJson(new Uint8Array(bytes), PLACES)), Fault).rule, "DEF-I02");
  }
});

Deno.test("DEF-I02: a name that comes twice in an object that is read is a fault", () => {
  for (
    const text of [
      '{"a":1,"a":1}',
      String.raw`{"a":1,"\u0061":1}`,
      String.raw`{"\"":1,"b":2,"\u0022":1}`,
      '{"a" \n:1,"b":{},"a"\t:1}',
      '{"config":{"size":1,"digest":"","size":2}}',
      '{"layers":[{"size":1},{"size":1,"size":2}]}',
      '{"__proto__":1,"__proto__":2}',
      '{"a":"}","a":1}',
      '{"a":[{"b":"]"}],"a":1}',
    ]
  ) {
    assertThrows(() => parse(text), Fault, "twice");
  }
});

Deno.test("DEF-I02: the fault of a name that comes twice says the name and its place", () => {
  const faults: Record<string, string> = {
    '{"a":1,"a":1}': '"a" twice in the manifest',
    [String.raw`{"a":1,"\u0061":1}`]: '"a" twice in the manifest',
    '{"config":{"size":1,"size":2}}': '"size" twice in config',
    '{"layers":[{"size":1},{"size":1,"size":2}]}': '"size" twice in layers[]',
    '{"":1,"":2}': '"" twice in the manifest',
  };

  for (const [text, actual] of Object.entries(faults)) {
    const fault = assertThrows(() => parse(text), Fault);
    assertEquals([fault.rule, fault.expected, fault.actual], ["DEF-I02", "every name once in an object", actual]);
  }
});

Deno.test("DEF-I02: the same name in two objects does not come twice, and parts that nobody reads are not judged", () => {
  for (
    const text of [
      '{"a":{"a":{"a":1}}}',
      '{"config":{"config":1},"x":{"config":1}}',
      '{"x":{"a":1,"a":2}}',
      '{"config":{"x":{"a":1,"a":2}}}',
      '{"layers":[[{"a":1,"a":2}]]}',
      '{"layers":{"a":1,"a":2}}',
      '{"x":{"config":{"a":1,"a":2}}}',
      // Names that look like the path of something else.
      '{"":{"a":1,"a":2}}',
      '{"layers[]":{"a":1,"a":2}}',
      '{"":{"config":{"a":1,"a":2}}}',
    ]
  ) {
    assertEquals(parse(text), JSON.parse(text));
  }
});

Deno.test("DEF-I02: a hundred levels are read, and one more is refused", () => {
  const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

  assertEquals(parse(nested(100)), JSON.parse(nested(100)));
  assertThrows(() => parse(nested(101)), Fault, "100 levels");
});

// A text is JSON or not, wherever it is cut. The size of a piece is a number of characters.
Deno.test("DEF-I02: a text that is parsed in pieces is read as one that is parsed at once", () => {
  const texts = [
    '{"layers":[{"size":1,"digest":"a,b"},{"size":2},{"x":[1,[2,3],{"":4}],"size":3}],"config":{"size":4,"__proto__":5}}',
    '{"a":[[],[1],{}],"":"c","d":"e,f","layers":[],"g":{"h":1,"i":{"j":2,"k":3}},"config":{"":"l","m":"n","":"o"}}',
    '[1,"2",[3,4],{"5":6}]',
    '{"layers":[{"size":1},{"size":1}] , "config" : {"size" : 1 , "x" : "y"}}',
  ];
  for (const text of texts) {
    const expected = outcomeOf(text);
    for (let piece = 0; piece < text.length; piece++) {
      const { layers, config, fault } = outcomeOf(text, piece);
      assertEquals({ layers, config, fault }, expected, `in pieces of ${piece}`);
    }
    for (
      const [at, wrong] of Array.from(text, (_, at) => [",", "]", "}", "{", "["].map((mark) => [at, mark] as const))
        .flat()
    ) {
      const broken = text.slice(0, at) + wrong + text.slice(at);
      const { fault } = outcomeOf(broken);
      for (const piece of [0, 3, 11]) {
        assertEquals(outcomeOf(broken, piece).fault, fault, `${broken} in pieces of ${piece}`);
      }
    }
  }
});

// Returns the sizes in the parts that are read, or that the text is a fault.
function outcomeOf(text: string, piece?: number): { layers?: unknown[]; config?: unknown; fault: boolean } {
  try {
    const json = atOnce(parseJson(new TextEncoder().encode(text), PLACES, piece)) as {
      layers?: { size?: number }[];
      config?: { size?: number };
    };
    const layers = Array.isArray(json.layers) ? json.layers.map((layer) => layer?.size) : undefined;
    return { layers, config: json.config?.size, fault: false };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { layers: undefined, config: undefined, fault: true };
  }
}

Deno.test("DEF-I02: a field without a name is read, too, wherever the text is cut", () => {
  const text = '{"layers":[],"config":{"size":4,"x":5,"":-1},"y":6,"":-2}';

  for (let piece = 0; piece < text.length; piece++) {
    const json = atOnce(parseJson(new TextEncoder().encode(text), PLACES, piece)) as Record<string, unknown>;
    const { "": inConfig } = json.config as Record<string, unknown>;
    assertEquals([inConfig, json[""]], [-1, -2], `in pieces of ${piece}`);
  }
});
