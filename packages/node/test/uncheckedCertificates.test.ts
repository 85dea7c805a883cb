/** The variable that switches Node's checks of certificates off, in processes of their own. */
import { bundle, ended, node } from './support/bundle.js'
import { authorities, type Served, serve, serveProxy, serveTls } from './support/servers.js'

const script = bundle(`
  import { Secret } from '@tessera/core'
  import { nodeEnv, proxiedFetch, slimEnv } from '@tessera/node'
  import * as O from 'fp-ts/lib/Option.js'
  import { Agent } from 'undici'

  const [way, url, proxy, ca] = process.argv.slice(2)
  const by = (open) => async () => {
    const result = await open().http.send({
      method: 'POST', url, headers: [], body: O.some(Secret.make('Body', 'a=b')),
      deadline: Date.now() + 20_000, signal: new AbortController().signal, maxBytes: 1000,
    })()
    return result._tag === 'Right' ? result.right.status : result.left._tag
  }
  const fetched = (send) => async () => send(url).then(({ status }) => status, () => 'NotSent')
  /** As in Bun, whose undici cannot send by a dispatcher: HTTP is by node:https there. */
  const withoutUndici = () => {
    for (let of = Agent.prototype; of !== null; of = Object.getPrototypeOf(of)) delete of.dispatch
    return nodeEnv()
  }
  const WAYS = {
    "the platform's fetch": fetched(fetch),
    nodeEnv: by(() => nodeEnv()),
    'nodeEnv with authorities of its own': by(() => nodeEnv({ tls: { ca } })),
    'nodeEnv by a proxy': by(() => nodeEnv({ proxy })),
    'nodeEnv without undici': by(withoutUndici),
    slimEnv: by(() => slimEnv()),
    proxiedFetch: fetched(proxiedFetch({ proxy })),
  }
  const main = async () => {
    console.log(String(await WAYS[way]()))
  }
  main()
`)

const closing: Array<() => Promise<void>> = []
afterAll(() => Promise.all(closing.map((close) => close())))
const using = async <S extends Served>(server: Promise<S>): Promise<S> => {
  const served = await server
  closing.push(served.close)
  return served
}

const bodies: string[] = []
/** What a way says where the check of certificates is switched off by the variable. */
const run = async (way: string, proxy: Promise<Served>): Promise<string> => {
  const server = await using(
    serveTls(authorities.loopback, (request, response) => {
      request.on('data', (data) => bodies.push(String(data)))
      response.end()
    }),
  )
  const { origin } = await using(proxy)
  const args = [way, server.origin, origin, authorities.other.ca]
  const { output } = await ended(node(script, args, { NODE_TLS_REJECT_UNAUTHORIZED: '0' }), 60_000)
  return output.split('\n').find((line) => line === '200' || line === 'NotSent') ?? output
}

describe('[A16] NODE_TLS_REJECT_UNAUTHORIZED=0, and a certificate that nobody vouches for', () => {
  test.each([
    'nodeEnv',
    'nodeEnv with authorities of its own',
    'nodeEnv by a proxy',
    'nodeEnv without undici',
    'slimEnv',
    'proxiedFetch',
  ])('%s: nothing is sent', async (way) => {
    expect(await run(way, serveProxy())).toBe('NotSent')
    expect(bodies).toEqual([])
  })

  test('a proxy with such a certificate: nothing is sent', async () => {
    const proxy = serveTls(authorities.loopback, (_, response) => response.writeHead(200).end())
    expect(await run('nodeEnv by a proxy', proxy)).toBe('NotSent')
    expect(bodies).toEqual([])
  })

  test("the variable works: the platform's fetch heeds it, as is said where it is used", async () => {
    expect(
      await run(
        "the platform's fetch",
        serve((_, response) => response.end()),
      ),
    ).toBe('200')
  })
})
