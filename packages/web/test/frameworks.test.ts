/** The same in Express, Fastify and Hono as they are, over HTTP, with a provider that is a server. */
import { request as ask, createServer, type RequestListener, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { memoryStore } from '@tessera/core'
import { type Connection, connectUsers, nodeEnv, run } from '@tessera/node'
import { Client, discovery, refreshToken, revocation } from '@tessera/oauth2'
import { type Sandbox, startSandbox } from '@tessera/sandbox'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { expressSessions } from '../src/express.js'
import { fastifySessions } from '../src/fastify.js'
import { honoSessions } from '../src/hono.js'
import type { WebSessions } from '../src/index.js'
import { type Browser, browser, locationOf } from './support/browser.js'
import { overHttp } from './support/overHttp.js'
import { cipherOf } from './support/world.js'

interface App {
  readonly sessions: Pick<WebSessions<never>, 'end' | 'keyOf'>
  readonly close: () => Promise<unknown>
}

const optionsOf = async (box: Sandbox, redirectUri: string) => {
  const env = nodeEnv()
  const store = memoryStore()
  const { id, secret } = box.client
  const client = Client.make({ id, secret, server: await run(discovery({ issuer: box.url }), env) })
  return {
    client,
    redirectUri,
    scope: ['openid', 'offline_access'],
    users: connectUsers(() => refreshToken({ client }), {
      store,
      env,
      revocation: revocation({ client }),
      origins: [box.url],
    }),
    cipher: cipherOf(),
    store,
    env,
    logoutToken: (text: string) => () => async () => ({ _tag: 'Right', right: { sub: text } }) as const,
  }
}
type Options = Awaited<ReturnType<typeof optionsOf>>

const listening = (listener: RequestListener, port: number): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer(listener).listen(port, '127.0.0.1', () => resolve(server))
  })
const closing = (server: Pick<Server, 'close' | 'closeAllConnections'>) => () =>
  new Promise((resolve) => {
    server.close(resolve)
    server.closeAllConnections()
  })

/** A page that needs a token, when there is none any more. */
const ended = async (connection: Connection): Promise<string> => {
  await connection.revoke()
  return connection.token()
}

const hosts: Readonly<Record<string, (options: Options, box: Sandbox, port: number) => Promise<App>>> = {
  Express: async (options, box, port) => {
    const { routes, requireSession, sessions } = expressSessions(options)
    const app = express()
    // As body-parser 1, of Express 4, leaves what it does not read.
    app.use((request, _, next) => {
      request.body ??= {}
      next()
    })
    app.use(routes)
    app.get(
      '/me',
      requireSession(async (_, response, { connection }) => {
        response.send(await (await connection.fetch(`${box.url}/userinfo`)).json())
      }),
    )
    app.get(
      '/ended',
      requireSession(async (_, response, { connection }) => response.send(await ended(connection))),
    )
    app.use(
      '/inside',
      requireSession((_, response, { sub }, next) => {
        response.setHeader('x-user', sub)
        next()
      }),
    )
    app.get('/inside/page', (_, response) => void response.send('inside'))
    app.post(
      '/change',
      express.json(),
      requireSession((request, response) => void response.send(`${request.get('host') !== undefined}`)),
    )
    return { sessions, close: closing(await listening(app, port)) }
  },
  Fastify: async (options, box, port) => {
    const { routes, requireSession, sessions } = fastifySessions(options)
    const app = Fastify()
    await app.register(routes)
    app.get(
      '/me',
      requireSession(async (_, __, { connection }) => (await connection.fetch(`${box.url}/userinfo`)).json()),
    )
    app.get(
      '/ended',
      requireSession((_, __, { connection }) => ended(connection)),
    )
    await app.register((inside, _, done) => {
      inside.addHook(
        'preHandler',
        requireSession((_, reply, { sub }) => void reply.header('x-user', sub)),
      )
      inside.get('/inside/page', async () => 'inside')
      done()
    })
    app.post(
      '/change',
      requireSession((request) => `${request.host !== ''}`),
    )
    await app.listen({ port, host: '127.0.0.1' })
    return { sessions, close: () => app.close() }
  },
  Hono: async (options, box, port) => {
    const { routes, requireSession, sessions } = honoSessions(options)
    const app = new Hono()
    app.use(routes)
    app.get(
      '/me',
      requireSession(async (c, { connection }) => c.json(await (await connection.fetch(`${box.url}/userinfo`)).json())),
    )
    app.get(
      '/ended',
      requireSession(async (c, { connection }) => c.text(await ended(connection))),
    )
    app.use(
      '/inside/*',
      requireSession((c, { sub }, next) => {
        c.header('x-user', sub)
        return next()
      }),
    )
    app.get('/inside/page', (c) => c.text('inside'))
    app.post(
      '/change',
      requireSession((c) => c.text(`${c.req.url !== ''}`)),
    )
    return { sessions, close: closing(await listening(getRequestListener(app.fetch), port)) }
  },
}

const freePort = async (): Promise<number> => {
  const server = await listening(() => undefined, 0)
  const address = server.address()
  await closing(server)()
  return typeof address === 'object' && address !== null ? address.port : 0
}

describe.each(Object.keys(hosts))('%s', (name) => {
  let box: Sandbox
  let app: App
  let origin: string
  let env: Options['env']

  beforeAll(async () => {
    const port = await freePort()
    origin = `http://127.0.0.1:${port}`
    box = await startSandbox({ dialect: 'generic', client: { redirectUris: [`${origin}/callback`] } })
    const options = await optionsOf(box, `${origin}/callback`)
    env = options.env
    const started = await hosts[name]?.(options, box, port)
    if (started === undefined) throw new Error(name)
    app = started
  })
  afterAll(async () => {
    await app.close()
    await env.close()
    await box.close()
  })

  const visitor = (): Browser => browser(origin, overHttp)
  const login = async (by: Browser, user: string, to = '/me'): Promise<Response> => {
    const begun = await by.open(`/login?return_to=${encodeURIComponent(to)}`)
    return by.open(await box.grant(locationOf(begun), { user }))
  }
  const subOf = async (by: Browser): Promise<unknown> => (await (await by.call('/me')).json()).sub

  test('a page leads to the login and back, a program gets a 401, a post of another origin a 403', async () => {
    const ann = visitor()
    const asked = await ann.open('/me?a=1')
    expect([asked.status, locationOf(asked)]).toEqual([303, `${origin}/login?return_to=%2Fme%3Fa%3D1`])
    const called = await ann.call('/me')
    expect([called.status, called.headers.get('content-type')]).toEqual([
      401,
      expect.stringMatching('^application/problem[+]json'),
    ])
    const back = await login(ann, '7001', '/inside/page')
    expect([back.status, locationOf(back)]).toEqual([303, `${origin}/inside/page`])
    expect(await subOf(ann)).toBe('7001')
    const inside = await ann.open('/inside/page')
    expect([await inside.text(), inside.headers.get('x-user')]).toEqual(['inside', '7001'])
    expect(inside.headers.get('cache-control')).toBe('private, no-store')
    expect(locationOf(await visitor().open('/inside/page'))).toBe(`${origin}/login?return_to=%2Finside%2Fpage`)
    expect(await (await ann.post('/change')).text()).toBe('true')
    const forged = await ann.open('/change', { method: 'POST', headers: { 'sec-fetch-site': 'same-site' } })
    expect([forged.status, (await visitor().post('/change')).status]).toEqual([403, 303])
  })

  test('people do not meet: each browser has its own, and a logout ends one', async () => {
    const [ann, max] = [visitor(), visitor()]
    await Promise.all([login(ann, '7001'), login(max, '7002')])
    expect([await subOf(ann), await subOf(max)]).toEqual(['7001', '7002'])
    // A form of the page's, as browsers send it.
    const form = { method: 'POST', headers: { 'sec-fetch-site': 'same-origin' }, body: new URLSearchParams({ a: 'b' }) }
    const out = await ann.open('/logout', form)
    expect([out.status, locationOf(out)]).toEqual([303, `${origin}/`])
    expect((await ann.call('/me')).status).toBe(401)
    expect(await subOf(max)).toBe('7002')
    await app.sessions.end(app.sessions.keyOf('7002'))
    expect((await max.call('/me')).status).toBe(401)
  })

  test('a path that looks like another host leads nowhere else', async () => {
    for (const path of ['//evil.example/me', '/\\evil.example', '/.//evil.example']) {
      const answer = await visitor().open(`/login?return_to=${encodeURIComponent(path)}`)
      expect(new URL(locationOf(answer)).origin).toBe(box.url)
      expect([303, 404]).toContain((await visitor().open(`${origin}${path}`)).status)
    }
    expect((await visitor().open(`${origin}//evil.example/login`)).status).toBe(404)
  })

  test('the form of the provider is read, also where nothing else reads forms', async () => {
    const max = visitor()
    await login(max, '7002')
    const told = await fetch(`${origin}/backchannel-logout`, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: '7002' }),
    })
    expect(told.status).toBe(200)
    expect((await max.call('/me')).status).toBe(401)
    const long = await fetch(`${origin}/backchannel-logout`, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: 'a'.repeat(300_000) }),
    })
    expect(long.status).toBe(413)
  })

  test.each(['application/x-www-form-urlencoded', 'text/plain'])(
    '%s: too much is answered before it ends',
    async (type) => {
      const answered = new Promise((resolve, reject) => {
        const init = { method: 'POST', headers: { 'content-type': type } }
        const sent = ask(`${origin}/backchannel-logout`, init, ({ statusCode }) => {
          resolve(statusCode)
          sent.destroy()
        })
        sent.on('error', reject).write('a'.repeat(100_000))
      })
      expect(await answered).toBe(413)
    },
  )

  test('a page for which there is no token any more leads to the login', async () => {
    const ann = visitor()
    await login(ann, '7001')
    const answer = await ann.open('/ended')
    expect([answer.status, locationOf(answer)]).toEqual([303, `${origin}/login?return_to=%2Fended`])
    await login(ann, '7001')
    expect(await subOf(ann)).toBe('7001')
  })
})
