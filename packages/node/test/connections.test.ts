import { inspect } from 'node:util'
import { AuthError, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { nodeEnv } from '../src/index.js'
import { inMs, post, told } from './support/requests.js'
import { authorities, type Served, serve, serveProxy, serveRaw, serveTls } from './support/servers.js'

const authority = authorities.loopback
const { ca } = authority
const closing: Array<() => Promise<void>> = []
afterAll(() => Promise.all(closing.map((close) => close())))
const using = async <S extends Served>(server: Promise<S>): Promise<S> => {
  const served = await server
  closing.push(served.close)
  return served
}
const open = (options: Parameters<typeof nodeEnv>[0]) => {
  const env = nodeEnv(options)
  closing.push(env.close)
  return env
}

describe('TLS', () => {
  test('its own authority is trusted; another is not, and its server gets no request', async () => {
    let requests = 0
    const server = await using(
      serveTls(authority, (_, response) => {
        requests++
        response.end()
      }),
    )
    expect(told(await open({ tls: { ca } }).http.send(post(server.origin))())).toBe('200')
    expect(await open({}).http.send(post(server.origin))()).toEqual(
      E.left({ _tag: 'NotSent', cause: 'connection', reason: 'SELF_SIGNED_CERT_IN_CHAIN' }),
    )
    expect(requests).toBe(1)
  })

  test('a certificate for somebody else: not sent', async () => {
    const other = authorities.other
    const server = await using(serveTls(other, (_, response) => response.end()))
    expect(await open({ tls: { ca: other.ca } }).http.send(post(server.origin))()).toEqual(
      E.left({ _tag: 'NotSent', cause: 'connection', reason: 'ERR_TLS_CERT_ALTNAME_INVALID' }),
    )
  })

  test('a client certificate is presented; its key may be a secret', async () => {
    const server = await using(
      serveTls(authority, (_, response) => response.end(), { requestCert: true, rejectUnauthorized: true }),
    )
    const { cert, key } = authority.client
    const env = open({ tls: { ca: [ca], cert, key: Secret.make('PrivateKey', key) } })
    expect(told(await env.http.send(post(server.origin))())).toBe('200')
    expect(told(await open({ tls: { ca } }).http.send(post(server.origin))())).toMatch(/connection/)
  })

  test('a key that is none: not sent', async () => {
    const server = await using(serveTls(authority, (_, response) => response.end()))
    const env = open({ tls: { ca, cert: authority.client.cert, key: 'c4n4ry' } })
    expect(told(await env.http.send(post(server.origin))())).toBe('NotSent connection')
  })
})

describe('a proxy', () => {
  test('https goes through a tunnel, with the credentials; plain http to loopback stays on this machine', async () => {
    const secure = await using(serveTls(authority, (_, response) => response.end()))
    const plain = await using(serve((_, response) => response.end()))
    const proxy = await using(serveProxy())
    const url = proxy.origin.replace('http://', 'http://us%40er:c4n4ry%3A@')
    const env = open({ proxy: Secret.make('Proxy', url), tls: { ca } })
    expect(told(await env.http.send(post(secure.origin))())).toBe('200')
    expect(told(await env.http.send(post(plain.origin))())).toBe('200')
    expect(told(await env.http.send(post(`http://127.1:${plain.port}`))())).toBe('200')
    expect(told(await env.http.send(post('http://127.255.0.9:1'))())).toBe('NotSent connection')
    expect(told(await env.http.send(post('http://[::1]:1'))())).toBe('NotSent connection')
    expect(proxy.connects.map(({ url, headers }) => [url, headers['proxy-authorization']])).toEqual([
      [`127.0.0.1:${secure.port}`, `Basic ${Buffer.from('us@er:c4n4ry:').toString('base64')}`],
    ])
    expect(told(await env.http.send(post(`http://localhost:${plain.port}`))())).toBe('200')
    expect(proxy.connects).toHaveLength(1)
    await env.http.send(post('http://localhost.example:1'))()
    expect(proxy.connects).toHaveLength(2)
    expect(inspect(env, { depth: 9, showHidden: true })).not.toContain('c4n4ry')
  })

  test('a proxy over TLS', async () => {
    const target = await using(serveTls(authority, (_, response) => response.end()))
    const inner = await using(serveProxy())
    // A tunnel in front of the plain proxy makes it one over TLS.
    const { createServer } = await import('node:tls')
    const { connect } = await import('node:net')
    const { listen } = await import('./support/servers.js')
    const outer = await using(
      listen(
        createServer(authority.server, (socket) => {
          const upstream = connect(inner.port, '127.0.0.1')
          socket.pipe(upstream).pipe(socket)
          socket.on('error', () => upstream.destroy())
          upstream.on('error', () => socket.destroy())
        }),
        'https',
      ),
    )
    const env = open({ proxy: outer.origin, tls: { ca } })
    expect(told(await env.http.send(post(target.origin))())).toBe('200')
    expect(inner.connects).toHaveLength(1)
  })

  test('one that refuses, hangs up or answers rubbish: not sent, and asked once', async () => {
    const answers: ReadonlyArray<(socket: import('node:net').Socket) => void> = [
      (socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n'),
      (socket) => socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n'),
      (socket) => socket.end(),
      (socket) => socket.resetAndDestroy(),
      (socket) => socket.end('rubbish\r\n\r\n'),
    ]
    for (const answer of answers) {
      let asked = 0
      const proxy = await using(
        serveRaw((socket) => {
          asked++
          answer(socket)
        }),
      )
      const env = open({ proxy: proxy.origin })
      expect(told(await env.http.send(post('https://127.0.0.1:1/'))())).toBe('NotSent connection')
      expect(asked).toBe(1)
    }
  })

  test('one that hangs: not sent by the deadline', async () => {
    const proxy = await using(serveRaw(() => {}))
    // Not closed in the end: a graceful close would wait for the tunnel.
    const env = nodeEnv({ proxy: proxy.origin })
    const request = post('https://127.0.0.1:1/', { deadline: inMs(100) })
    expect(told(await env.http.send(request)())).toBe('NotSent deadline')
  })

  test.each([
    'c4n4ry',
    'socks5://a:c4n4ry@127.0.0.1',
    'http://a:c4n4ry@',
    'http://us%er:c4n4ry@h',
    'http://user:c4n4ry%zz@h',
  ])('%p is no proxy', (proxy) => {
    try {
      nodeEnv({ proxy })
      throw new Error('accepted')
    } catch (error) {
      expect(AuthError.isException(error) && error.error).toMatchObject({ _tag: 'Misconfigured', field: 'proxy' })
      expect(inspect(error)).not.toContain('c4n4ry')
    }
  })
})

describe('proxies of the environment', () => {
  const NAMES = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY']
  const before = NAMES.map((name) => [name, process.env[name]] as const)
  const set = (variables: Readonly<Record<string, string>>) => {
    for (const name of NAMES) delete process.env[name]
    Object.assign(process.env, variables)
  }
  afterEach(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })
  const openIn = (variables: Readonly<Record<string, string>>) => {
    set(variables)
    const env = open({ proxy: 'environment', tls: { ca } })
    set({})
    return env
  }
  const makeTarget = () => using(serveTls(authority, (_, response) => response.end()))
  const authorizations = ({ connects }: Awaited<ReturnType<typeof serveProxy>>) =>
    connects.map(({ url, headers }) => [url, headers['proxy-authorization']])
  const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`

  test.each(['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'])(
    'https goes through the tunnel of %s, as it was when the environment was made',
    async (name) => {
      const target = await makeTarget()
      const proxy = await using(serveProxy())
      const env = openIn({ [name]: proxy.origin.replace('//', '//us%40er:c4n4ry@') })
      expect(told(await env.http.send(post(target.origin))())).toBe('200')
      expect(authorizations(proxy)).toEqual([[`127.0.0.1:${target.port}`, basic('us@er:c4n4ry')]])
      expect(inspect(env, { depth: 9, showHidden: true })).not.toContain('c4n4ry')
    },
  )

  test.each([
    ['user@', 'user:'],
    ['user:@', 'user:'],
    [':token@', ':token'],
    ['', undefined],
  ])('credentials of one half, or none: %j', async (written, credentials) => {
    const target = await makeTarget()
    const proxy = await using(serveProxy())
    const env = openIn({ HTTPS_PROXY: proxy.origin.replace('//', `//${written}`) })
    expect(told(await env.http.send(post(target.origin))())).toBe('200')
    expect(authorizations(proxy)).toEqual([
      [`127.0.0.1:${target.port}`, credentials === undefined ? undefined : basic(credentials)],
    ])
  })

  test('small letters first; a proxy without a scheme is http', async () => {
    const target = await makeTarget()
    const proxy = await using(serveProxy())
    const env = openIn({ https_proxy: `127.0.0.1:${proxy.port}`, HTTPS_PROXY: 'http://127.0.0.1:1' })
    expect(told(await env.http.send(post(target.origin))())).toBe('200')
    expect(proxy.connects).toHaveLength(1)
  })

  test('http goes by HTTP_PROXY, https by HTTPS_PROXY; plain http stays on this machine', async () => {
    const [target, plain] = [await makeTarget(), await using(serve((_, response) => response.end()))]
    const [one, other] = [await using(serveProxy()), await using(serveProxy(() => false))]
    const env = openIn({ HTTPS_PROXY: one.origin, HTTP_PROXY: other.origin })
    expect(told(await env.http.send(post(target.origin))())).toBe('200')
    for (const host of ['127.0.0.1', 'localhost']) {
      expect(told(await env.http.send(post(`http://${host}:${plain.port}`))())).toBe('200')
    }
    expect([one.connects.length, other.connects.length]).toEqual([1, 0])
    const elsewhere = nodeEnv({ proxy: other.origin })
    await elsewhere.http.send(post('http://keycloak.example:8080', { deadline: inMs(300) }))()
    await env.http.send(post('http://keycloak.example:8080', { deadline: inMs(300) }))()
    expect(other.connects.map(({ url }) => url)).toEqual(['keycloak.example:8080', 'keycloak.example:8080'])
  })

  test.each(['127.0.0.1', 'a.example,127.0.0.1', '*'])('NO_PROXY=%s goes directly', async (list) => {
    const target = await makeTarget()
    for (const name of ['NO_PROXY', 'no_proxy']) {
      const env = openIn({ HTTPS_PROXY: 'http://127.0.0.1:1', [name]: list })
      expect(told(await env.http.send(post(target.origin))())).toBe('200')
    }
    const others = openIn({ HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: 'a.example 127.0.0.1:1' })
    expect(told(await others.http.send(post(target.origin))())).toBe('NotSent connection')
  })

  test('without a proxy there is none; what is written later does not count', async () => {
    const target = await makeTarget()
    for (const variables of [{}, { NO_PROXY: 'a.example' }, { HTTPS_PROXY: '', HTTP_PROXY: '' }]) {
      const env = openIn(variables)
      set({ HTTPS_PROXY: 'http://127.0.0.1:1', HTTP_PROXY: 'http://127.0.0.1:1' })
      expect(told(await env.http.send(post(target.origin))())).toBe('200')
    }
    const env = openIn({ HTTPS_PROXY: 'http://127.0.0.1:1' })
    set({ NO_PROXY: '*' })
    expect(told(await env.http.send(post(target.origin))())).toBe('NotSent connection')
  })

  test('nobody asked for it: nothing of it counts', async () => {
    const target = await makeTarget()
    set({ HTTPS_PROXY: 'http://127.0.0.1:1', https_proxy: 'http://127.0.0.1:1' })
    expect(told(await open({ tls: { ca } }).http.send(post(target.origin))())).toBe('200')
  })

  test('one that refuses or hangs up: not sent, and asked once', async () => {
    for (const answer of ['HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n', '']) {
      let asked = 0
      const proxy = await using(
        serveRaw((socket) => {
          asked++
          socket.end(answer)
        }),
      )
      const env = openIn({ HTTPS_PROXY: proxy.origin })
      expect(told(await env.http.send(post('https://127.0.0.1:1/'))())).toBe('NotSent connection')
      expect(asked).toBe(1)
    }
  })

  test.each(['http_proxy', 'HTTPS_PROXY'])('%s that is no proxy is named, and not shown', (name) => {
    set({ [name]: 'socks5://a:c4n4ry@127.0.0.1' })
    try {
      nodeEnv({ proxy: 'environment' })
      throw new Error('accepted')
    } catch (error) {
      const field = name.toUpperCase()
      expect(AuthError.isException(error) && error.error).toMatchObject({ _tag: 'Misconfigured', field })
      expect(inspect(error)).not.toContain('c4n4ry')
    }
  })
})
