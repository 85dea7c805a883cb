import type { HttpRequest } from '@tessera/oauth2'
import { nodeHttp } from '../src/slim.js'
import { bundle, ended, node } from './support/bundle.js'
import { inMs, post, told } from './support/requests.js'
import { authorities, type Served, serve, serveRaw, serveTls } from './support/servers.js'

const http = nodeHttp({ userAgent: 'tests/1' })
const send = (request: HttpRequest) => http.send(request)()
const servers: Served[] = []
const using = async <S extends Served>(server: Promise<S>): Promise<S> => {
  const served = await server
  servers.push(served)
  return served
}
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()))
})

test('a server that is not trusted: not sent', async () => {
  let requests = 0
  const strange = await using(
    serveTls(authorities.loopback, (_, response) => {
      requests++
      response.end()
    }),
  )
  expect(told(await send(post(strange.origin)))).toBe('NotSent connection')
  expect(requests).toBe(0)
})

test('a deadline that comes before its timer: not sent', async () => {
  let requests = 0
  const server = await using(
    serveRaw((socket) => {
      requests++
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
    }),
  )
  const deadline = inMs(20)
  const sending = send(post(server.origin, { deadline }))
  // The event loop is busy elsewhere until the deadline, and then the connection is the first to be served.
  while (Date.now() < deadline);
  expect(told(await sending)).toBe('NotSent deadline')
  expect(requests).toBe(0)
})

test('a process with nothing but a slim environment ends by itself, and loads no dependency', async () => {
  const script = bundle(`
    import { Secret } from '@tessera/core'
    import { slimEnv } from '@tessera/node/slim'
    import * as O from 'fp-ts/lib/Option.js'

    const env = slimEnv()
    const main = async () => {
      for (let i = 0; i < 3; i++) {
        const result = await env.http.send({
          method: 'POST', url: process.argv[2], headers: [], body: O.some(Secret.make('Body', 'a=b')),
          deadline: Date.now() + 30_000, signal: new AbortController().signal, maxBytes: 1000,
        })()
        console.log(result._tag === 'Right' ? result.right.status : result.left._tag)
      }
    }
    main()
  `)
  const server = await using(serve((_, response) => response.setHeader('keep-alive', 'timeout=60').end()))
  expect(await ended(node(script, [server.origin]), 8_000)).toEqual({ code: 0, output: '200\n200\n200\n' })
})
