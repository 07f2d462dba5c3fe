/**
 * The browser: Chromium, and the two packages that drive it and look for barriers.
 *
 *     playwright-core   opens addresses, presses keys, reads the tree of accessibility     https://playwright.dev
 *     axe-core          looks for what keeps somebody out                                  https://github.com/dequelabs/axe-core
 *
 * A tab remembers each complaint of the browser: errors of scripts and of the console, what the Content-Security-Policy has stopped,
 * requests that failed, and requests to anything but the registry. No check expects one, except for the status of an address that
 * is not there.
 *
 * Deno fetches the packages when this runs for the first time. So nothing imports them, and their types are written down here, as
 * far as they are used.
 *
 * @module
 */

import { loadPackage } from "../../../src/packages.ts";

const PLAYWRIGHT = "npm:playwright-core@1.65.1";
const AXE = "npm:axe-core@4.14.1";

/** The command that fetches the packages beforehand. */
export const FETCH_PACKAGES = `deno cache ${PLAYWRIGHT} ${AXE}`;

/** A browser. */
export interface Browser {
  newContext(options: TabOptions): Promise<Context>;
  version(): string;
  close(): Promise<void>;
}

/** How a tab is: its size in CSS pixels, what the person prefers, if scripts run, and who the person is. */
export interface TabOptions {
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly colorScheme?: "light" | "dark";
  readonly reducedMotion?: "reduce" | "no-preference";
  readonly javaScriptEnabled?: boolean;
  /** What the person types in when the browser asks. */
  readonly httpCredentials?: { readonly username: string; readonly password: string };
}

interface Context {
  newPage(): Promise<Page>;
  addInitScript(script: { content: string }): Promise<unknown>;
  close(): Promise<void>;
}

/** A page in a tab. */
export interface Page {
  goto(url: string, options?: { waitUntil?: "load" | "commit" }): Promise<Answer | null>;
  reload(): Promise<Answer | null>;
  url(): string;
  title(): Promise<string>;
  content(): Promise<string>;
  locator(selector: string): Locator;
  getByRole(role: string, options?: { name?: string | RegExp; exact?: boolean }): Locator;
  /** Runs a text as an expression in the page. */
  evaluate<Result>(expression: string): Promise<Result>;
  emulateMedia(options: Pick<TabOptions, "colorScheme" | "reducedMotion">): Promise<void>;
  setViewportSize(size: { width: number; height: number }): Promise<void>;
  screenshot(options: { path: string; fullPage?: boolean; animations?: "disabled" }): Promise<unknown>;
  readonly keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
  on(event: "console", listener: (message: ConsoleMessage) => void): void;
  on(event: "pageerror", listener: (error: Error) => void): void;
  on(event: "request" | "requestfinished" | "requestfailed", listener: (request: BrowserRequest) => void): void;
  on(event: "response", listener: (response: { url(): string; status(): number }) => void): void;
}

interface Answer {
  status(): number;
  headers(): Record<string, string>;
  text(): Promise<string>;
}

interface ConsoleMessage {
  type(): string;
  text(): string;
  location(): { readonly url: string };
}

interface BrowserRequest {
  url(): string;
  isNavigationRequest(): boolean;
  failure(): { readonly errorText: string } | null;
}

/** Something in a page. */
export interface Locator {
  click(options?: { timeout?: number }): Promise<void>;
  fill(text: string): Promise<void>;
  focus(): Promise<void>;
  hover(): Promise<void>;
  press(key: string): Promise<void>;
  count(): Promise<number>;
  first(): Locator;
  nth(index: number): Locator;
  locator(selector: string): Locator;
  getByRole(role: string, options?: { name?: string | RegExp; exact?: boolean }): Locator;
  getAttribute(name: string): Promise<string | null>;
  textContent(): Promise<string | null>;
  innerText(): Promise<string>;
  allInnerTexts(): Promise<string[]>;
  isVisible(): Promise<boolean>;
  boundingBox(): Promise<Box | null>;
  /** The tree of accessibility, as indented text. */
  ariaSnapshot(): Promise<string>;
  waitFor(options?: { state?: "visible" | "hidden" | "attached" | "detached"; timeout?: number }): Promise<void>;
  screenshot(options: { path: string; animations?: "disabled" }): Promise<unknown>;
}

/** The place and size of something, in CSS pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What axe has found. */
export interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

interface PlaywrightCore {
  readonly chromium: { launch(options: { executablePath: string; args: string[] }): Promise<Browser> };
}

/** Starts Chromium without a window. It ends with the stack. */
export async function startBrowser(executablePath: string, stack: AsyncDisposableStack): Promise<Browser> {
  const { chromium } = await loadPackage<PlaywrightCore>(PLAYWRIGHT, "driving a browser");
  const browser = await chromium.launch({ executablePath, args: [] });
  stack.defer(() => browser.close());
  return browser;
}

// A page that asks for nothing for this long has what it needs, in milliseconds; and how long it may take.
const QUIET = 100;
const PATIENCE = 20_000;

// Runs in each document before its own scripts. It counts what a person would notice as stutter, and says what the policy has stopped.
const WATCH = `
  globalThis.longTasks = [];
  new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: "longtask", buffered: true });
  addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sample }) =>
    console.error("the policy has stopped", violatedDirective, blockedURI, sample));
`;

/** A tab with one page, and the complaints of the browser. */
export class Tab implements AsyncDisposable {
  /** The page. */
  readonly page: Page;
  /** What the browser has complained about so far. */
  readonly complaints: string[] = [];
  readonly #context: Context;
  readonly #origin: string;
  // What has been asked for and is not there yet; the stream of stories never ends.
  readonly #pending = new Set<BrowserRequest>();
  #streams = 0;
  #lastEnd = 0;
  readonly #hasScripts: boolean;
  #isAway = false;

  private constructor(context: Context, page: Page, origin: string, hasScripts: boolean) {
    this.#context = context;
    this.#hasScripts = hasScripts;
    this.#origin = origin;
    this.page = page;
    page.on("console", (message) => this.#hear(message));
    page.on("pageerror", (error) => this.complaints.push(`an error of a script: ${error.message}`));
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(`${origin}/`) && !url.startsWith("data:")) this.complaints.push(`a request to ${url}`);
      if (!url.startsWith(`${origin}/live`)) this.#pending.add(request);
    });
    page.on("response", (response) => {
      if (response.url().startsWith(`${origin}/live`) && response.status() === 200) this.#streams++;
    });
    page.on("requestfinished", (request) => this.#end(request));
    page.on("requestfailed", (request) => {
      this.#end(request);
      const { errorText = "" } = request.failure() ?? {};
      // A document that goes away drops what it has asked for.
      if (errorText === "net::ERR_ABORTED" || this.#isAway) return;
      this.complaints.push(`${request.url()} failed: ${errorText}`);
    });
  }

  /** Opens a tab for the addresses of one registry. */
  static async open(browser: Browser, origin: string, options: TabOptions = {}): Promise<Tab> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    await context.addInitScript({ content: WATCH });
    return new Tab(context, await context.newPage(), origin, options.javaScriptEnabled !== false);
  }

  /** Goes to an address, such as `/at/library/hello`, and waits until it is there. Returns its status. */
  async open(address: string): Promise<number> {
    const answer = await this.page.goto(this.#origin + address);
    return answer?.status() ?? 0;
  }

  /** Waits until the page has all that it asked for, and has shown it. */
  async settle(): Promise<void> {
    const deadline = performance.now() + PATIENCE;
    while (this.#pending.size > 0 || performance.now() - this.#lastEnd < QUIET) {
      if (performance.now() > deadline) {
        throw new Error(`still waiting for ${[...this.#pending].map((it) => it.url())}`);
      }
      await new Promise((resolve) => setTimeout(resolve, QUIET / 4));
    }
    if (!this.#hasScripts) return;
    await this.page.evaluate("new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown)))");
  }

  /** Opens an address whose page hears what happens, and waits until it does. */
  async listen(address: string): Promise<void> {
    const before = this.#streams;
    await this.open(address);
    const deadline = performance.now() + PATIENCE;
    while (this.#streams === before) {
      if (performance.now() > deadline) throw new Error(`${address} does not listen to /live`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await this.settle();
  }

  /** Waits until an expression is true in the page. (The `waitForFunction` of Playwright evaluates it where the policy forbids that.) */
  async until(expression: string): Promise<void> {
    const deadline = performance.now() + PATIENCE;
    while (!await this.#isTrue(expression)) {
      if (performance.now() > deadline) throw new Error(`never true: ${expression}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #isTrue(expression: string): Promise<boolean> {
    try {
      return await this.page.evaluate<boolean>(expression);
    } catch (error) {
      // The page is on its way to another address.
      if (error instanceof Error && error.message.includes("context was destroyed")) return false;
      throw error;
    }
  }

  /** Says that the registry is about to stop. What fails from now on is no complaint. */
  expectSilence(): void {
    this.#isAway = true;
  }

  /** Says that the registry is there again. */
  expectAnswers(): void {
    this.#isAway = false;
  }

  /**
   * Returns what axe finds in the page as it is now. By default it looks at all rules of WCAG 2.2 AA, and at what axe calls best
   * practice; otherwise only at some rules.
   */
  async violations(...rules: readonly string[]): Promise<string[]> {
    const isThere = await this.page.evaluate<boolean>("typeof axe === 'object'");
    if (!isThere) await this.page.evaluate(`${await sourceOfAxe()}; undefined`);
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const runOnly = rules.length > 0 ? { type: "rule", values: rules } : tags;
    // The browser lays out only what is in sight. axe looks at all of it, and would see old places of the rest.
    const found = await this.page.evaluate<Violation[]>(
      `(async () => {
        const lazy = [...document.querySelectorAll("*")].filter((it) => getComputedStyle(it).contentVisibility === "auto");
        for (const it of lazy) it.style.contentVisibility = "visible";
        const { violations } = await axe.run({ runOnly: ${JSON.stringify(runOnly)}, resultTypes: ["violations"] });
        for (const it of lazy) it.removeAttribute("style");
        return violations;
      })()`,
    );
    return found.flatMap(({ id, help, nodes }) =>
      nodes.slice(0, 3).map(({ html, failureSummary }) => `${id}: ${help}\n  ${html}\n  ${failureSummary}`)
    );
  }

  #end(request: BrowserRequest): void {
    this.#pending.delete(request);
    this.#lastEnd = performance.now();
  }

  #hear(message: ConsoleMessage): void {
    if (!["error", "warning"].includes(message.type()) || this.#isAway) return;
    // The status of the document itself is what a check asks for.
    if (message.location().url === this.page.url() && message.text().startsWith("Failed to load resource")) return;
    this.complaints.push(`${message.type()}: ${message.text()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isAway = true;
    await this.#context.close();
  }
}

let axe: Promise<string> | undefined;

function sourceOfAxe(): Promise<string> {
  return axe ??= loadPackage<{ default: { source: string } }>(AXE, "looking for barriers").then((it) =>
    it.default.source
  );
}
