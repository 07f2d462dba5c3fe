/**
 * Passwords: a registry that shows each person only what this one may pull. The browser keeps the password, as for any other site.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { basic } from "../../fixture.ts";
import { Glassbox } from "../clients/glassbox.ts";
import { Tab, type TabOptions } from "./browser.ts";
import { Pusher } from "./pushing.ts";
import type { World } from "./world.ts";

// Made by `htpasswd -nbB`: the passwords are "secret" and "hunter2".
const HTPASSWD = `alice:$2y$04$RZOAlZTPWT3zb5NQrv2LAOhmx9BgNyeKhhZxZtErpB.G/OVfLyvga
bob:$2y$04$NQiVyUJ7k6wY.1zGoGJkRuLuzNaeHUUfFq8Gvk0q/VAY5qWOHPOju
`;
const PASSWORDS: Readonly<Record<string, string>> = { alice: "secret", bob: "hunter2" };

const RULES = {
  rules: [
    { users: ["*"], repositories: ["{user}/**", "open/**"], actions: ["pull", "push"] },
    { users: ["anonymous"], repositories: ["open/**"], actions: ["pull"] },
  ],
};

// A registry with passwords, and what opens tabs at it and pushes to it.
class Guarded {
  readonly #glassbox: Glassbox;
  readonly #world: World;

  private constructor(world: World, glassbox: Glassbox) {
    this.#world = world;
    this.#glassbox = glassbox;
  }

  static async start(world: World, stack: AsyncDisposableStack, name: string, ...flags: string[]): Promise<Guarded> {
    const { bench } = world;
    const passwords = bench.makeFile(`${name}.htpasswd`, HTPASSWD);
    const root = bench.makeFolder(name);
    return new Guarded(world, await Glassbox.start(root, stack, "--htpasswd", passwords, ...flags));
  }

  get origin(): string {
    return `http://${this.#glassbox.address}`;
  }

  /** Opens a tab. A browser with credentials types them in whenever it is asked. */
  tab(user?: string, options: TabOptions = {}): Promise<Tab> {
    const httpCredentials = user === undefined ? undefined : { username: user, password: PASSWORDS[user] ?? "a guess" };
    return Tab.open(this.#world.browser, this.origin, { ...options, httpCredentials });
  }

  pusher(user: string): Pusher {
    const send = (request: Request) => {
      const headers = new Headers(request.headers);
      headers.set("Authorization", basic(user, PASSWORDS[user]).Authorization);
      return fetch(new Request(request, { headers }));
    };
    return new Pusher(this.origin, { send, agent: `client-of-${user}/1` });
  }

  /** Pushes an image with one layer. */
  async push(user: string, name: string): Promise<void> {
    await this.pusher(user).image(name, { layers: [new Uint8Array(1024)], tags: ["v1"] });
  }
}

/** Checks the page of registries with passwords. */
export async function checkPasswords(world: World): Promise<void> {
  const check = world.checks.of("password");
  await using stack = new AsyncDisposableStack();
  const rules = world.bench.makeFile("access.json", JSON.stringify(RULES));

  // It starts for the first check that needs it.
  let started: Promise<Guarded> | undefined;
  const schoolOf = () =>
    started ??= Guarded.start(world, stack, "school", "--access", rules, "--token").then(async (school) => {
      await school.push("alice", "alice/mine");
      await school.push("bob", "bob/hidden");
      await school.push("bob", "open/app");
      return school;
    });

  await check(
    "a person who may see a part logs in with a link, and is named; tokens are only for clients",
    async () => {
      const school = await schoolOf();
      await using tab = await school.tab("alice");
      await tab.listen("/");
      assert(!(await tab.page.locator("main").innerText()).includes("alice/mine"));
      await tab.page.getByRole("link", { name: "Log in" }).click();
      await tab.until(`document.querySelector(".person")?.innerText.startsWith("You are alice.")`);
      assertEquals(tab.page.url(), `${school.origin}/`);
      await tab.until(`document.querySelector("[role=log]").innerText.includes("push of alice/mine:v1")`);
      assertEquals(await tab.violations(), []);
      // The stream of what happens goes on with the password.
      await tab.listen("/");
      await school.push("alice", "alice/other");
      await tab.until(`document.querySelector("[role=log]").innerText.includes("push of alice/other:v1")`);
      await tab.page.setViewportSize({ width: 320, height: 640 });
      assertEquals(await tab.page.evaluate("document.documentElement.scrollWidth"), 320);
      assertEquals(tab.complaints, []);
    },
  );

  await check("what a person may not see is nowhere: no panel, no moment, and nothing comes live", async () => {
    const school = await schoolOf();
    for (const user of [undefined, "alice"]) {
      await using tab = await school.tab(user);
      if (user !== undefined) await tab.open("/login?to=/");
      await tab.listen("/");
      await school.push("bob", "bob/hidden");
      await school.push("bob", "open/app");
      await tab.until(`document.querySelectorAll("[role=log] .action").length > 1`);
      for (
        const address of [
          undefined,
          "/",
          "/?step=1",
          "/at/",
          "/at/bo",
          "/at/open/app",
          "/at/open/app/_tags/v1",
          "/graph/",
          "/diff",
          "/diff?a=open/app:v1&b=bob",
          "/rule/PUSH-MANIFEST-01",
          "/story/0-1",
          "/bob",
        ]
      ) {
        if (address !== undefined) await tab.open(address);
        await tab.settle();
        assert(!/hidden(?!=|")/.test(await mainOf(tab)), `${address ?? "/ live"} shows it to ${user}`);
      }
    }
  });

  await check("a person becomes somebody else: the browser forgets the first one", async () => {
    const school = await schoolOf();
    await using tab = await school.tab("alice");
    await tab.open("/login?to=/at/");
    assertEquals(await personIn(tab), "You are alice. Be someone else");
    await tab.page.getByRole("link", { name: "Be someone else" }).click();
    await tab.until(`document.querySelector("h1").innerText === "Log in"`);
    assertEquals(await tab.violations(), []);
    await tab.open("/at/");
    assertEquals(await personIn(tab), "Log in");
  });

  await check("a person with a wrong password is told so, and what to do", async () => {
    const school = await schoolOf();
    await using tab = await school.tab("mallory");
    assertEquals(await tab.open("/login?to=/at/"), 401);
    assertEquals(await tab.page.locator("h1").innerText(), "Log in");
    await tab.page.setViewportSize({ width: 320, height: 640 });
    assertEquals(await tab.page.evaluate("document.documentElement.scrollWidth"), 320);
    assertEquals(tab.complaints, []);
  });

  await check("with --anonymous pull everybody sees everything, and may say who it is", async () => {
    const open = await Guarded.start(world, stack, "open", "--anonymous", "pull");
    await open.push("alice", "library/app");
    await using tab = await open.tab("bob");
    await tab.listen("/");
    assert((await mainOf(tab)).includes("library/app"));
    assertEquals(await personIn(tab), "Log in");
    await tab.page.getByRole("link", { name: "Log in" }).click();
    await tab.until(`document.querySelector(".person")?.innerText.startsWith("You are bob.")`);
  });

  await check(
    "with passwords for everybody and --prefix, the first address asks, and only the prefix is there",
    async () => {
      const team = await Guarded.start(world, stack, "team", "--prefix", "team/");
      await team.push("alice", "team/app");
      await using stranger = await team.tab("mallory");
      assertEquals(await stranger.open("/at/team/app"), 401);
      assertEquals(await stranger.page.locator("h1").innerText(), "Log in");
      assert(!(await stranger.page.content()).includes("layer"));
      await using tab = await team.tab("alice");
      await tab.listen("/");
      assert(/team\/app/.test(await mainOf(tab)));
      assertEquals(await personIn(tab), "You are alice. Be someone else");
      assertEquals(tab.complaints, []);
    },
  );
}

function mainOf({ page }: Tab): Promise<string> {
  return page.evaluate<string>(`document.querySelector("main").innerHTML`);
}

async function personIn({ page }: Tab): Promise<string> {
  return await page.locator(".person").innerText();
}
