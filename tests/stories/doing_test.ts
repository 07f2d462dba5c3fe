/** What a request does, as far as that matters for its action. */

import { assertEquals } from "@std/assert";
import { ENDPOINTS } from "../../src/api/endpoints.ts";
import { doingOf } from "../../src/stories/doing.ts";
import type { StoryData } from "../../src/story.ts";

Deno.test("it is known of each row of the table of endpoints what its requests do", () => {
  const unknown = ENDPOINTS.filter(({ id, method }) =>
    doingOf({ method, endpoint: id, url: "/v2/" } as StoryData) === "does something else"
  );
  assertEquals(unknown, []);
});
