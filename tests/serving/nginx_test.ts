/**
 * An nginx in front of the program sends blobs by itself. This uses the lines of the README.
 *
 * It needs nginx (`apt-get install nginx-light`), and is left out without it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { digestOf, randomBytes } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { freePort, Program } from "../processes/program.ts";

const NGINX = "/usr/sbin/nginx";

function isInstalled(): boolean {
  try {
    return Deno.statSync(NGINX).isFile;
  } catch {
    return false;
  }
}

// The lines between "```nginx" and "```", for other addresses and another folder.
function linesOfReadme(registry: string, root: string): string {
  const readme = Deno.readTextFileSync(new URL("../../README.md", import.meta.url));
  const [, lines] = /```nginx\n(.*?)```/s.exec(readme)!;
  return lines.replaceAll("http://127.0.0.1:5080", registry).replaceAll("/srv/glassbox", root);
}

/** Starts nginx in front of a registry. Its files are in a folder. */
async function startNginx(folder: string, registry: string, root: string) {
  const port = freePort();
  await Deno.writeTextFile(
    `${folder}/nginx.conf`,
    `daemon off; worker_processes 1; pid ${folder}/pid; user root;
    events { worker_connections 64; }
    http {
      access_log off;
      client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
      uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
      server { listen 127.0.0.1:${port}; ${linesOfReadme(registry, root)} }
    }`,
  );
  const args = ["-p", folder, "-e", `${folder}/errors`, "-c", `${folder}/nginx.conf`];
  const process = new Deno.Command(NGINX, { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
  const client = Deno.createHttpClient({});
  const url = `http://127.0.0.1:${port}`;
  const send = (method: string, path: string, init: RequestInit = {}) => fetch(url + path, { method, client, ...init });
  for (let isUp = false; !isUp;) {
    isUp = await send("GET", "/v2/").then(async (response) => (await response.text(), true), () => false);
  }
  return {
    send,
    async [Symbol.asyncDispose]() {
      client.close();
      process.kill("SIGTERM");
      await process.status;
    },
  };
}

Deno.test({
  name: "behind nginx, a pull of a blob is what it is without, and nginx sends the file itself",
  ignore: !isInstalled(),
  async fn() {
    using folder = new Folder();
    using files = new Folder();
    await using program = await Program.serve(folder.path, "--accel-redirect", "/files/");
    await using nginx = await startNginx(files.path, program.address, folder.path);

    const content = randomBytes(3_000_000);
    const digest = digestOf(content);
    const pushed = await nginx.send("POST", `/v2/library/hello/blobs/uploads/?digest=${digest}`, { body: content });
    assertEquals([pushed.status, await pushed.text()], [201, ""]);
    const path = `/v2/library/hello/blobs/${digest}`;

    const direct = await program.send("GET", path);
    assertEquals([direct.headers.get("X-Accel-Redirect"), await direct.text()], [
      `/files/library/hello/${digest.replace(":", "%3A")}/blob`,
      "",
    ]);

    const pulled = await nginx.send("GET", path);
    assertEquals(digestOf(await pulled.bytes()), digest);
    const headers = Object.fromEntries(pulled.headers);
    for (const own of ["connection", "date", "server", "last-modified"]) delete headers[own];
    assertEquals([pulled.status, headers], [200, {
      "accept-ranges": "bytes",
      "content-length": "3000000",
      "content-type": "application/octet-stream",
      "docker-content-digest": digest,
      "etag": `"${digest}"`,
      "x-content-type-options": "nosniff",
    }]);

    const head = await nginx.send("HEAD", path);
    assertEquals([head.status, head.headers.get("Content-Length"), head.headers.get("Docker-Content-Digest")], [
      200,
      "3000000",
      digest,
    ]);

    const part = async (headers: Record<string, string>) => {
      const response = await nginx.send("GET", path, { headers });
      const bytes = await response.bytes();
      return [response.status, response.headers.get("Content-Range"), bytes.length, bytes[0]];
    };
    const expected = [206, "bytes 100-199/3000000", 100, content[100]];
    assertEquals(await part({ Range: "bytes=100-199" }), expected);
    assertEquals(await part({ "Range": "bytes=100-199", "If-Range": `"${digest}"` }), expected);
    assertEquals(await part({ "Range": "bytes=100-199", "If-Range": '"other"' }), [200, null, 3_000_000, content[0]]);

    for (
      const [headers, status] of [
        [{ "Range": "bytes=3000000-" }, 416],
        [{ "If-None-Match": `"${digest}"` }, 304],
        [{ "If-Match": '"other"' }, 412],
        [{ "If-Match": `"${digest}"` }, 200],
      ] as const
    ) {
      const response = await nginx.send("GET", path, { headers });
      await response.bytes();
      assertEquals(response.status, status, JSON.stringify(headers));
    }
    const missing = await nginx.send("GET", `/v2/library/hello/blobs/${digestOf("none")}`);
    assertEquals([missing.status, (await missing.json()).errors[0].code], [404, "BLOB_UNKNOWN"]);

    // Nobody gets a file past the registry.
    const past = await nginx.send("GET", `/files/library/hello/${digest}/blob`);
    await past.text();
    assertEquals(past.status, 404);
  },
});

Deno.test({
  name: "behind nginx, a folder that was replaced by a link leads nowhere",
  ignore: !isInstalled(),
  async fn() {
    using folder = new Folder();
    using files = new Folder();
    await using program = await Program.serve(folder.path, "--accel-redirect", "/files/");
    await using nginx = await startNginx(files.path, program.address, folder.path);
    const digest = digestOf("foo");
    const pushed = await nginx.send("POST", `/v2/hello/blobs/uploads/?digest=${digest}`, { body: "foo" });
    await pushed.text();
    await Deno.writeTextFile(`${files.path}/secret`, "bar");
    await Deno.remove(`${folder.path}/hello/${digest}/blob`);
    await Deno.symlink(`${files.path}/secret`, `${folder.path}/hello/${digest}/blob`);
    const response = await nginx.send("GET", `/v2/hello/blobs/${digest}`);
    assert(response.status >= 400, String(response.status));
    assert(!(await response.text()).includes("bar"));
  },
});
