// A small balancer: each request goes to the next replica that is there, and what may be sent twice is sent to the other one where the
// first ends before it has answered. It keeps what went by.
import { request as ask, createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'

/**
 * @typedef {{ readonly method: string, readonly url: string, readonly cookie: string, readonly status: number,
 *   readonly headers: readonly string[], readonly body: string }} Passed
 */

/**
 * @param {number} port
 * @param {() => ReadonlyArray<number>} replicas the ports of those that should be asked
 */
export const startBalancer = async (port, replicas) => {
  /** @type {Passed[]} */
  const passed = []
  let next = 0

  /**
   * @param {number} to
   * @param {import('node:http').IncomingMessage} incoming
   * @param {Buffer} body
   * @returns {Promise<{ status: number, raw: string[], text: Buffer }>}
   */
  const forward = (to, incoming, body) =>
    new Promise((resolve, reject) => {
      const { method, url, headers } = incoming
      const outgoing = ask({ host: '127.0.0.1', port: to, method, path: url, headers }, async (answer) => {
        try {
          const text = await buffer(answer)
          resolve({ status: answer.statusCode ?? 502, raw: answer.rawHeaders, text })
        } catch (error) {
          reject(error)
        }
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })

  const server = createServer(async (incoming, response) => {
    const body = await buffer(incoming)
    const { method = '', url = '', headers } = incoming
    const ports = replicas()
    const first = next++
    for (let tries = 0; tries < 2 * ports.length; tries++) {
      const to = ports[(first + tries) % ports.length]
      if (to === undefined) break
      try {
        const { status, raw, text } = await forward(to, incoming, body)
        const kept = raw.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${raw[at + 1]}`] : []))
        passed.push({ method, url, cookie: headers.cookie ?? '', status, headers: kept, body: text.toString() })
        response.writeHead(
          status,
          raw.filter((_, at) => !/^(?:connection|keep-alive|transfer-encoding)$/i.test(raw[at - (at % 2)] ?? '')),
        )
        response.end(text)
        return
      } catch {
        if (method !== 'GET') break
      }
    }
    passed.push({ method, url, cookie: headers.cookie ?? '', status: 502, headers: [], body: '' })
    response.writeHead(502).end()
  })
  await new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(undefined)))
  return {
    passed,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      }),
  }
}
