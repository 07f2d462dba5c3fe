/** Web pages: what a browser sends over the wire, to both servers. */

import { assertEquals } from "@std/assert";
import { digestOf } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { Program } from "../processes/program.ts";
import { sendBytes } from "../wire.ts";

const FOO = digestOf("foo");
const MOZILLA = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36";

for (const http of ["deno", "node"]) {
  Deno.test(`--http ${http}: over the wire, a page of another site cannot push, and no foreign name reads`, async () => {
    using folder = new Folder();
    await using program = await Program.serve(folder.path, "--http", http, "--allow-host", "registry.lan, other.lan");
    const port = Number(new URL(program.address).port);
    const post = `POST /v2/page/blobs/uploads/?digest=${FOO} HTTP/1.1\r\nContent-Type: text/plain\r\n`;
    const get = "GET /v2/_catalog HTTP/1.1\r\n";
    const statuses = [];
    for (
      const [head, body] of [
        [`${post}Host: 127.0.0.1:${port}\r\nOrigin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n`, "foo"],
        [`${get}Host: evil.example:${port}\r\nUser-Agent: ${MOZILLA}\r\n`],
        [`${get}Host: 127.0.0.1:${port}\r\nUser-Agent: ${MOZILLA}\r\nSec-Fetch-Site: none\r\n`],
        [`${get}Host: other.lan:${port}\r\nUser-Agent: ${MOZILLA}\r\n`],
        [`${get}Host: evil.example:${port}\r\nUser-Agent: curl/7.88.1\r\n`],
        [
          `${post}Host: 127.0.0.1:${port}\r\nOrigin: http://127.0.0.1:${port}\r\nSec-Fetch-Site: same-origin\r\n`,
          "foo",
        ],
      ]
    ) {
      statuses.push((await sendBytes(port, head, body)).status);
    }

    assertEquals(statuses, [403, 403, 200, 200, 200, 201]);
  });

  Deno.test(`--http ${http}: the address of --host is known, and with all addresses each of them is`, async () => {
    using folder = new Folder();
    await using program = await Program.serve(folder.path, "--http", http, "--host", "0.0.0.0");
    const port = Number(new URL(program.address).port);
    const get = (host: string) => `GET /v2/ HTTP/1.1\r\nHost: ${host}:${port}\r\nUser-Agent: ${MOZILLA}\r\n`;

    const statuses = [];
    for (const host of ["192.168.1.5", "localhost", "evil.example"]) {
      statuses.push((await sendBytes(port, get(host))).status);
    }

    assertEquals(statuses, [200, 200, 403]);
  });
}
