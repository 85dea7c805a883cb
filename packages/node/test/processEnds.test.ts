import { mkdtempSync, writeFileSync } from 'node:fs'
import type http from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle, ended, node } from './support/bundle.js'
import { authorities, listen, type Served, serve, serveProxy, serveTls } from './support/servers.js'

const script = bundle(`
  import { Secret } from '@tessera/core'
  import { nodeEnv } from '@tessera/node'
  import * as O from 'fp-ts/lib/Option.js'

  const [url, options, ms] = process.argv.slice(2)
  const env = nodeEnv(JSON.parse(options))
  process.on('unhandledRejection', () => console.log('unhandled'))
  const send = () => env.http.send({
    method: 'POST', url, headers: [], body: O.some(Secret.make('Body', 'a=b')),
    deadline: Date.now() + Number(ms), signal: new AbortController().signal, maxBytes: 1000,
  })()
  const main = async () => {
    for (let i = 0; i < 3; i++) await send()
    const result = await send()
    console.log(result._tag === 'Right' ? result.right.status : result.left._tag + ' ' + result.left.cause)
  }
  main()
`)
/** Its store takes nothing, so the token is offered to it again, for an hour. */
const pending = bundle(`
  import { AuthError, memoryStore, seconds, Secret, TokenSet, TokenSource } from '@tessera/core'
  import { nodeEnv } from '@tessera/node'
  import * as TE from 'fp-ts/lib/TaskEither.js'

  const store = { ...memoryStore(), compareAndSet: () => TE.left(AuthError.storeFailed('compareAndSet', 'full')) }
  const strategy = () => () => TE.right(TokenSet.make(Secret.make('AccessToken', 'a')))
  const source = TokenSource.make({ store, timeout: seconds(1) })(strategy)(nodeEnv())()
  source.login(strategy)({})().then(({ left }) => console.log(left._tag, left.pending))
`)
/** Its answer takes a while to arrive, and nothing else goes on in the process. */
const reading = bundle(`
  import { proxiedFetch } from '@tessera/node'

  const send = proxiedFetch({ proxy: 'environment' })
  const main = async () => {
    const answer = await send(process.argv[2])
    for await (const piece of answer.body) process.stdout.write(piece)
  }
  main()
`)
const authority = authorities.loopback
/** A file of the authority, for a process that is told of it by a variable. */
const trusted = join(mkdtempSync(join(tmpdir(), 'tessera-node-')), 'ca.pem')
writeFileSync(trusted, authority.ca)
const closing: Array<() => Promise<void>> = []
afterAll(() => Promise.all(closing.map((close) => close())))
const using = async <S extends Served>(server: Promise<S>): Promise<S> => {
  const served = await server
  closing.push(served.close)
  return served
}
// Less than undici's bounds on connecting and on idle connections, so that ending by itself means that nothing was left.
const BOUND = 8_000
const run = (url: string, options: unknown, ms: number) =>
  ended(node(script, [url, JSON.stringify(options), `${ms}`]), BOUND)

describe('a process with nothing but an environment ends by itself', () => {
  test.concurrent('after requests over kept connections', async () => {
    const plain = await using(serve((_, response) => response.setHeader('keep-alive', 'timeout=60').end()))
    expect(await run(plain.origin, {}, 30_000)).toEqual({ code: 0, output: '200\n' })
  })

  test.concurrent('after requests over TLS', async () => {
    const secure = await using(
      serveTls(authority, (_, response) => response.setHeader('keep-alive', 'timeout=60').end()),
    )
    expect(await run(secure.origin, { tls: { ca: authority.ca } }, 30_000)).toEqual({ code: 0, output: '200\n' })
  })

  test.concurrent('after requests through a proxy', async () => {
    const proxy = await using(serveProxy())
    const secure = await using(serveTls(authority, (_, response) => response.end()))
    const options = { proxy: proxy.origin, tls: { ca: authority.ca } }
    expect(await run(secure.origin, options, 30_000)).toEqual({ code: 0, output: '200\n' })
  })

  test.concurrent('after a deadline in a TLS handshake that hangs', async () => {
    const mute = await using(listen(net.createServer()))
    const result = await run(`https://127.0.0.1:${mute.port}`, {}, 50)
    expect(result).toEqual({ code: 0, output: 'NotSent deadline\n' })
  })

  test.concurrent('after a deadline in a tunnel that hangs', async () => {
    const proxy = await using(serveProxy(() => false))
    const result = await run('https://127.0.0.1:1', { proxy: proxy.origin }, 50)
    expect(result).toEqual({ code: 0, output: 'NotSent deadline\n' })
  })

  test.concurrent('after a token that its store did not take', async () => {
    expect(await ended(node(pending, []), BOUND)).toEqual({ code: 0, output: 'StoreFailed true\n' })
  })

  test.concurrent.each([
    ['through a proxy', {}],
    ['past a proxy', { no_proxy: '127.0.0.1' }],
    ['on this machine', { no_proxy: '' }],
  ])('and not before the whole body of an answer has come: %s', async (way, variables) => {
    const pieces = ['one ', 'two ', 'three ', 'four']
    const drips: http.RequestListener = (_, response) => {
      const left = [...pieces]
      const timer = setInterval(() => {
        response.write(left.shift())
        if (left.length > 0) return
        clearInterval(timer)
        response.end()
      }, 100)
      response.writeHead(200)
      response.flushHeaders()
    }
    const [proxy, server] = await Promise.all([
      using(serveProxy()),
      using(way === 'on this machine' ? serve(drips) : serveTls(authority, drips)),
    ])
    const named = { no_proxy: '', https_proxy: proxy.origin, http_proxy: proxy.origin, NODE_EXTRA_CA_CERTS: trusted }
    const result = await ended(node(reading, [server.origin], { ...named, ...variables }), BOUND)
    expect(result).toEqual({ code: 0, output: pieces.join('') })
    expect(proxy.connects).toHaveLength(way === 'through a proxy' ? 1 : 0)
  })

  test.concurrent('and not before an answer that takes a while', async () => {
    const slow = await using(serve((_, response) => void setTimeout(() => response.end(), 100)))
    expect(await run(slow.origin, {}, 30_000)).toEqual({ code: 0, output: '200\n' })
  })
})
