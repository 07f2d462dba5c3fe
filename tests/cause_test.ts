/** The cause of a 500, as a test prints it. */

import { assertEquals, assertMatch } from "@std/assert";
import type { Story } from "../src/story.ts";
import { printCause } from "./cause.ts";
import type { Users } from "../src/access/credentials.ts";
import { accessFor, startRegistry } from "./fixture.ts";

function printed(story: Story): string[] {
  const texts: string[] = [];
  printCause(story, (text) => texts.push(text));
  return texts;
}

Deno.test("the cause of a 500 is the request, the error, and the lines of src/ that it came from, innermost first", async () => {
  const broken = {} as unknown as Users;
  await using registry = await startRegistry({ wrappers: [accessFor(broken)] });
  const answer = await registry.send("GET", "/v2/", { headers: { Authorization: `Basic ${btoa("alice:secret")}` } });

  const [text, ...more] = printed(registry.stories[0]);

  const [request, error, ...places] = text.split("\n");
  assertEquals([answer.status, more, request], [500, [], "GET /v2/ ended in a 500. The cause:"]);
  assertMatch(error, /^TypeError: .+/);
  assertMatch(places[0], /^ {4}at src\/access\/credentials\.ts:\d+$/);
  assertMatch(places[1], /^ {4}at src\/\S+\.ts:\d+$/);
  assertEquals([places.length <= 5, places.filter((place) => !place.startsWith("    at "))], [true, []]);
});

Deno.test("a cause without a line of the project is told without a line", () => {
  const refusal = Object.assign(new Error("no more memory"), {
    stack: "Error: no more memory\n    at ext:core/01_core.js",
  });
  const story = {
    id: "a-1",
    time: 0,
    method: "GET",
    url: "/v2/",
    status: 500,
    milliseconds: 1,
    bytesIn: 0,
    changes: [],
    refusal,
  };

  assertEquals(printed(story), ["GET /v2/ ended in a 500. The cause:\nError: no more memory"]);
});

Deno.test("an error that a test made has no cause to look for", async () => {
  const failing: Users = { isPassword: () => Promise.reject(new Error("made by this test")) };
  await using registry = await startRegistry({ wrappers: [accessFor(failing)] });
  const answer = await registry.send("GET", "/v2/", { headers: { Authorization: `Basic ${btoa("alice:secret")}` } });

  assertEquals([answer.status, printed(registry.stories[0])], [500, []]);
});

Deno.test("an answer and a refusal have no cause to look for", async () => {
  await using registry = await startRegistry();
  await registry.send("GET", "/v2/");
  await registry.send("GET", "/v2/library/hello/manifests/latest");

  assertEquals(registry.stories.map(({ status }) => status), [200, 404]);
  assertEquals(registry.stories.flatMap(printed), []);
});
