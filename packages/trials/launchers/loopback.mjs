/** An HTTP server on 127.0.0.1, as the launchers beside it need one. */
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'

/**
 * Prints its URL, and ends with its standard input.
 *
 * @param {(path: string, request: Request) => Promise<Response>} answer
 */
export const serve = async (answer) => {
  // On a busy machine a test pauses for longer than the 5 s after which Node.js ends an idle connection.
  const server = createServer({ keepAliveTimeout: 60_000 }, async (incoming, outgoing) => {
    const { method, headers } = incoming
    const url = new URL(incoming.url, `http://${headers.host}`)
    const body = method === 'POST' ? await text(incoming) : null
    const response = await answer(url.pathname, new Request(url, { method, headers, body })).catch(
      (error) => new Response(String(error?.stack), { status: 500 }),
    )
    outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(await response.text())
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  process.stdin.on('end', () => process.exit(0)).resume()
  process.stdout.write(`http://127.0.0.1:${server.address().port}\n`)
}
