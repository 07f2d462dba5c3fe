/**
 * Requests as bytes: what `fetch` would not send, such as a `Host` that is no host.
 *
 *     const answer = await sendBytes(port, "GET /v2/ HTTP/1.1\r\nHost: x/y\r\n");
 *     assertEquals([answer.status, answer.body], [400, "…"]);
 *
 * @module
 */

/** An answer, as it came. */
export interface RawAnswer {
  /** Its status; `undefined` if the connection ended without an answer. */
  readonly status: number | undefined;
  readonly headers: Headers;
  readonly body: string;
}

/**
 * Sends the request line and headers of one request, and reads the answer until the server closes the connection. Each
 * character of the text is one byte. Fails after 20 seconds.
 */
export async function sendBytes(port: number, head: string, body = ""): Promise<RawAnswer> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const deadline = setTimeout(() => connection.close(), 20_000);
  const text = `${head}Connection: close\r\n${body === "" ? "" : `Content-Length: ${body.length}\r\n`}\r\n${body}`;
  await connection.write(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  const heard = await new Response(connection.readable).text();
  clearTimeout(deadline);
  return parse(heard);
}

function parse(heard: string): RawAnswer {
  const [head, ...rest] = heard.split("\r\n\r\n");
  const [line, ...fields] = head.split("\r\n");
  const headers = new Headers(fields.map((field) => [field.split(":")[0], field.slice(field.indexOf(":") + 1).trim()]));
  const status = /^HTTP\/1\.[01] ([0-9]{3})/.exec(line)?.[1];
  return { status: status === undefined ? undefined : Number(status), headers, body: rest.join("\r\n\r\n") };
}
