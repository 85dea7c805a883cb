import { request as ask } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { Send } from './browser.js'

/** By HTTP with the headers of the request alone: Node.js's own `fetch` says `Sec-Fetch-Mode: cors` of each. */
export const overHttp: Send = async (request) => {
  const { method, url, headers } = request
  const body = Buffer.from(await request.arrayBuffer())
  return new Promise((resolve, reject) => {
    const sent = ask(url, { method, headers: Object.fromEntries(headers) }, async (answer) => {
      const all = new Headers()
      for (const [name, value = []] of Object.entries(answer.headers))
        for (const one of [value].flat()) all.append(name, one)
      const text = await buffer(answer)
      resolve(new Response(text.length > 0 ? text : null, { status: answer.statusCode ?? 0, headers: all }))
    })
    sent.on('error', reject).end(body)
  })
}
