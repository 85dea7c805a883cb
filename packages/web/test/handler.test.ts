/** The handler, as browsers meet it: any return address, any cookie, any order of tabs. */
import { AuthError, memoryStore, minutes, type TokenStore } from '@tessera/core'
import { generateKey, systemRandom } from '@tessera/node'
import { codePoints, urls } from '@tessera/testing'
import * as fc from 'fast-check'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { locationOf } from './support/browser.js'
import { ISSUER } from './support/provider.js'
import { APP, cipherOf, makeWorld, whoIs } from './support/world.js'

const originOf = (answer: Response): string => new URL(locationOf(answer), `${APP}/callback`).origin

describe('a login', () => {
  test('leads to the provider, back to the page that was asked for, and to who logged in', async () => {
    const { browser, login, answer } = makeWorld()
    const ann = browser()
    const page = await ann.open('/invoices?year=2026')
    expect(page.status).toBe(303)
    expect(locationOf(page)).toBe(`${APP}/login?return_to=%2Finvoices%3Fyear%3D2026`)
    expect(locationOf(await ann.open(locationOf(page)))).toMatch(`${ISSUER}/authorize?`)
    const back = await login(ann, 'ann', '/invoices?year=2026')
    expect([back.status, locationOf(back)]).toEqual([303, `${APP}/invoices?year=2026`])
    expect(await whoIs(ann)).toBe('ann')
    expect([...ann.cookies.keys()].sort()).toEqual(['__Host-session', expect.stringMatching(/^__Host-session-login-/)])
    expect((await answer(new Request(`${APP}/`))).status).toBe(401)
  })

  test('needs nobody else to be logged in: a program gets a 401 that says so', async () => {
    const answer = await makeWorld().browser().call('/')
    expect(answer.status).toBe(401)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.headers.get('www-authenticate')).toMatch(/^Cookie /)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await answer.json()).toMatchObject({
      status: 401,
      title: 'Unauthorized',
      detail: expect.stringContaining('/login'),
    })
  })

  test('draws another cookie each time, and the one before is over', async () => {
    const { browser, login } = makeWorld()
    const [ann, thief] = [browser(), browser()]
    await login(ann, 'ann')
    const planted = ann.cookies.get('__Host-session') ?? ''
    thief.cookies.set('__Host-session', planted)
    expect(await whoIs(thief)).toBe('ann')
    await login(ann, 'ann')
    expect(ann.cookies.get('__Host-session')).not.toBe(planted)
    expect([await whoIs(ann), await whoIs(thief)]).toEqual(['ann', undefined])
  })

  test('a callback that comes twice is answered with one session, by one request', async () => {
    const { browser, provider, answer } = makeWorld()
    const ann = browser()
    const url = provider.consent(locationOf(await ann.open('/login')), 'ann')
    const cookie = [...ann.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const ask = () => answer(new Request(url, { headers: { cookie } }))
    const [first, second] = await Promise.all([ask(), ask()])
    const third = await ask()
    expect([first, second, third].map(({ status }) => status)).toEqual([303, 303, 303])
    expect(new Set([first, second, third].map(({ headers }) => headers.get('set-cookie'))).size).toBe(1)
    expect(provider.requests()).toEqual(['authorization_code'])
  })

  test('going back to the callback leads home, and without a session to another try', async () => {
    const { browser, provider, login, events } = makeWorld()
    const [ann, other] = [browser(), browser()]
    const url = provider.consent(locationOf(await ann.open('/login?return_to=/page')), 'ann')
    await ann.open(url)
    expect(locationOf(await ann.open(url))).toBe(`${APP}/`)
    const answer = await other.open(url)
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('href="/login"')
    expect(events).toContainEqual({ _tag: 'Failed', error: expect.objectContaining({ what: 'sealed transaction' }) })
    await login(other, 'bob')
    expect([await whoIs(ann), await whoIs(other)]).toEqual(['ann', 'bob'])
  })

  test('a refusal, another issuer, another state: nobody is logged in', async () => {
    const { browser, provider } = makeWorld()
    const ann = browser()
    const callback = async (change: (query: URLSearchParams) => void): Promise<number> => {
      const url = new URL(provider.consent(locationOf(await ann.open('/login')), 'ann'))
      change(url.searchParams)
      const { status } = await ann.open(url.href)
      expect(await whoIs(ann)).toBe(undefined)
      return status
    }
    const denied = (query: URLSearchParams): void => {
      query.delete('code')
      query.set('error', 'access_denied')
    }
    expect(await callback(denied)).toBe(403)
    expect(await callback((query) => query.set('iss', 'https://evil.example'))).toBe(400)
    expect(await callback((query) => query.delete('iss'))).toBe(400)
    expect(await callback((query) => query.set('state', `${query.get('state')}x`))).toBe(400)
    expect(await callback((query) => query.delete('state'))).toBe(400)
    expect(await callback((query) => query.set('code', 'guessed'))).toBe(400)
    // The code of another login, injected: its challenge is another one.
    const injected = new URL(provider.consent(locationOf(await browser().open('/login')), 'mallory')).searchParams
    expect(await callback((query) => query.set('code', injected.get('code') ?? ''))).toBe(400)
  })

  test('what may go better is tried again when the page is loaded again', async () => {
    const { browser, provider } = makeWorld()
    const ann = browser()
    const url = provider.consent(locationOf(await ann.open('/login')), 'ann')
    provider.down = true
    expect((await ann.open(url)).status).toBe(503)
    provider.down = false
    expect((await ann.open(url)).status).toBe(303)
    expect(await whoIs(ann)).toBe('ann')
  })

  test('is over after ten minutes', async () => {
    const { browser, provider, advance } = makeWorld()
    const ann = browser()
    const url = provider.consent(locationOf(await ann.open('/login')), 'ann')
    advance(minutes(10) + 1)
    expect((await ann.open(url)).status).toBe(400)
  })

  test('of many that one browser has begun, three are kept, the oldest not', async () => {
    const { browser, provider, advance } = makeWorld()
    const ann = browser()
    const urls: Array<string> = []
    for (let tab = 0; tab < 5; tab++) {
      urls.push(provider.consent(locationOf(await ann.open('/login')), `person ${tab}`))
      advance(1)
    }
    expect(ann.cookies.size).toBe(3)
    expect([...ann.cookies].reduce((sum, [name, value]) => sum + name.length + value.length, 0)).toBeLessThan(4_096)
    const statuses: Array<number> = []
    for (const url of urls) statuses.push((await ann.open(url)).status)
    expect(statuses).toEqual([400, 400, 303, 303, 303])
    expect(await whoIs(ann)).toBe('person 4')
  })
})

describe('any return address', () => {
  const slashes = fc.array(
    fc.constantFrom('/', '\\', '.', '%2f', '%5c', '\t', '\n', '\r', ' ', '@', ':', '?', '#', 'a'),
    { maxLength: 8 },
  )
  const evil = fc
    .tuple(
      slashes,
      fc.constantFrom('evil.example', 'https://evil.example', 'javascript:alert(1)', 'app.example.evil.example', ''),
      slashes,
    )
    .map(([before, host, after]) => `${before.join('')}${host}${after.join('')}`)

  test('leads to this application, and to none of its own paths', async () => {
    const world = makeWorld()
    const paths: ReadonlyArray<string> = Object.values(world.web.paths)
    await fc.assert(
      fc.asyncProperty(fc.oneof(evil, urls, fc.string({ unit: codePoints })), async (to) => {
        const back = await world.login(world.browser(), 'ann', to)
        expect(back.status).toBe(303)
        expect(locationOf(back)).toMatch(/^https:\/\/app\.example\//)
        expect(originOf(back)).toBe(APP)
        expect(paths).not.toContain(new URL(locationOf(back)).pathname)
      }),
      { numRuns: 40 },
    )
  })

  test('nor where a page is asked for by a strange path', async () => {
    const { web } = makeWorld()
    const page = web.requireSession(() => new Response())
    await fc.assert(
      fc.asyncProperty(evil, async (path) => {
        const url = `${APP}/${path}`
        fc.pre(URL.canParse(url))
        const answer = await page(new Request(url, { headers: { accept: 'text/html' } }))
        expect(originOf(answer)).toBe(APP)
      }),
    )
  })

  test('pages of this application are kept', async () => {
    const world = makeWorld()
    for (const to of ['/', '/a?b=c&d=%2F', '/a/b#part', '/%C3%A4'])
      expect(locationOf(await world.login(world.browser(), 'ann', to))).toBe(`${APP}${to}`)
    for (const to of ['', 'a', '/login', '/logout?x=1', '//evil.example', '/\\evil.example', `/${'a'.repeat(2_000)}`])
      expect(locationOf(await world.login(world.browser(), 'ann', to))).toBe(`${APP}/`)
    // Of this the parser makes //evil.example, which would be another host if it stood there by itself.
    expect(locationOf(await world.login(world.browser(), 'ann', '/.//evil.example'))).toBe(`${APP}//evil.example`)
  })
})

describe('any cookie', () => {
  test('that was not set for this is nobody', async () => {
    const world = makeWorld()
    const ann = world.browser()
    await world.login(ann, 'ann')
    await ann.open('/login')
    const own = ann.cookies.get('__Host-session') ?? ''
    const login = [...ann.cookies].find(([name]) => name.includes('login'))?.[1] ?? ''
    const changed = fc
      .tuple(fc.nat(own.length - 1), fc.constantFrom('', 'A', 'B', '.', '%', '=', own))
      .map(([at, by]) => `${own.slice(0, at)}${by}${own.slice(at + 1)}`)
    const value = fc.oneof(
      changed,
      fc.nat(own.length - 1).map((length) => own.slice(0, length)),
      fc.constantFrom(login, ...login.split(':'), `${own}${own}`),
      fc.string({ unit: 'binary-ascii' }),
    )
    await fc.assert(
      fc.asyncProperty(value, fc.constantFrom('__Host-session', 'session', ''), async (other, name) => {
        fc.pre(other !== own)
        // A browser sends no control characters, and Headers refuse them.
        const cookie = `${name}=${other.replaceAll(/[^\x20-\x7e]/g, '')}`
        const answer = await world.answer(new Request(APP, { headers: { cookie } }))
        expect(answer.status).toBe(cookie === `__Host-session=${own}` ? 200 : 401)
      }),
    )
    expect(await whoIs(ann)).toBe('ann')
  })

  test('of another application with the same cipher and the same store is nobody', async () => {
    const shared = { cipher: cipherOf(), store: memoryStore() }
    const [here, there] = [makeWorld(shared), makeWorld({ ...shared, redirectUri: 'https://other.example/callback' })]
    const ann = there.browser()
    await there.login(ann, 'ann')
    expect(await whoIs(ann)).toBe('ann')
    const taken = here.browser()
    for (const [name, value] of ann.cookies) taken.cookies.set(name, value)
    expect(await whoIs(taken)).toBe(undefined)
  })

  const EVIL = 'https://evil.example'
  test.each([
    ['there', ISSUER],
    ['session', EVIL],
    ['there', EVIL],
  ])(
    'of another application here is nobody, nor are its people and tokens those of this one: %s at %s',
    async (name, issuer) => {
      const shared = { cipher: cipherOf(), store: memoryStore() }
      const [here, there] = [makeWorld(shared), makeWorld({ ...shared, name }, issuer)]
      const [ann, mallory, taken] = [here.browser(), there.browser(), here.browser()]
      const tokenOf = async (): Promise<string> => {
        // Another replica, which has nothing but the store.
        const { web } = makeWorld(shared)
        const cookie = [...ann.cookies].map(([of, value]) => `${of}=${value}`).join('; ')
        const page = web.requireSession(async (_, { connection }) => new Response(await connection.token()))
        return (await page(new Request(APP, { headers: { cookie } }))).text()
      }
      await here.login(ann, 'ann')
      const token = await tokenOf()
      await there.login(mallory, 'ann')
      expect(await whoIs(mallory)).toBe('ann')
      expect(await tokenOf()).toBe(token)
      for (const value of mallory.cookies.values()) taken.cookies.set('__Host-session', value)
      expect(await whoIs(taken)).toBe(undefined)
      await there.web.end(there.web.keyOf('ann'))
      await expect(there.web.end(here.web.keyOf('ann'))).rejects.toThrow(/keyOf/)
      expect([await whoIs(mallory), await whoIs(ann), await tokenOf()]).toEqual([undefined, 'ann', token])
    },
  )

  test('of a former key counts while the cipher reads it', async () => {
    const store = memoryStore()
    const [first, second] = [generateKey(systemRandom)(), generateKey(systemRandom)()]
    const before = makeWorld({ store, cipher: cipherOf(first) })
    const ann = before.browser()
    await before.login(ann, 'ann')
    const rotated = makeWorld({ store, cipher: cipherOf(second, first) })
    const [kept, lost] = [rotated.browser(), makeWorld({ store, cipher: cipherOf(second) }).browser()]
    for (const [name, value] of ann.cookies) {
      kept.cookies.set(name, value)
      lost.cookies.set(name, value)
    }
    expect([await whoIs(kept), await whoIs(lost)]).toEqual(['ann', undefined])
  })

  test('over http of this machine has a plain name; http elsewhere has to be listed', async () => {
    const world = makeWorld({ redirectUri: 'http://127.0.0.1:3000/auth/callback', name: 'invoices' })
    expect(world.web.paths).toMatchObject({ login: '/auth/login', logout: '/auth/logout' })
    const ann = world.browser()
    await world.login(ann, 'ann')
    expect([...ann.cookies.keys()]).toEqual(['invoices'])
    expect(() => makeWorld({ redirectUri: 'http://app.example/callback' })).toThrow(/http/)
    makeWorld({ redirectUri: 'http://app.example/callback', allowHttp: ['http://app.example'] })
  })
})

describe('any order', () => {
  const PEOPLE = ['ann', 'bob', 'eve']
  const step = fc.oneof(
    fc.record({ does: fc.constant('begin' as const), browser: fc.nat(1) }),
    fc.record({ does: fc.constant('consent' as const), login: fc.nat(5), person: fc.constantFrom(...PEOPLE) }),
    // In the browser that began it, or in another one: a link that somebody sent.
    fc.record({ does: fc.constant('return' as const), login: fc.nat(5), browser: fc.nat(1) }),
    fc.record({ does: fc.constant('logout' as const), browser: fc.nat(1) }),
    fc.record({ does: fc.constant('everywhere' as const), person: fc.constantFrom(...PEOPLE) }),
  )

  test('of logins in tabs of two browsers: who consented in a login of this browser is logged in here, and nobody else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const { browser, provider, web, advance } = makeWorld()
        const browsers = [browser(), browser()]
        const logins: Array<{
          browser: number
          url: string
          consent?: { url: string; person: string }
          over: boolean
        }> = []
        const expected: Array<string | undefined> = [undefined, undefined]
        for (const each of steps) {
          advance(1)
          if (each.does === 'begin') {
            const begun = await browsers[each.browser]?.open('/login')
            const open = logins.filter((one) => one.browser === each.browser && !one.over)
            const [oldest] = open
            if (open.length === 3 && oldest !== undefined) oldest.over = true
            logins.push({ browser: each.browser, url: begun === undefined ? '' : locationOf(begun), over: false })
          }
          const login = 'login' in each ? logins[each.login] : undefined
          if (each.does === 'consent' && login !== undefined)
            login.consent = { url: provider.consent(login.url, each.person), person: each.person }
          if (each.does === 'return' && login?.consent !== undefined) {
            await browsers[each.browser]?.open(login.consent.url)
            if (each.browser === login.browser && !login.over) {
              login.over = true
              expected[each.browser] = login.consent.person
            }
          }
          if (each.does === 'logout') {
            await browsers[each.browser]?.post('/logout')
            // With the last session of a person the tokens go.
            expected[each.browser] = undefined
          }
          if (each.does === 'everywhere') {
            await web.end(web.keyOf(each.person))
            expected.forEach((person, at) => {
              if (person === each.person) expected[at] = undefined
            })
          }
          expect(await Promise.all(browsers.map(whoIs))).toEqual(expected)
        }
      }),
      { numRuns: 25 },
    )
  })
})

describe('a logout', () => {
  test('ends the session on the server, and with the last one the tokens', async () => {
    const { browser, login, provider } = makeWorld()
    const [phone, desk, thief] = [browser(), browser(), browser()]
    await login(phone, 'ann')
    await login(desk, 'ann')
    for (const [name, value] of phone.cookies) thief.cookies.set(name, value)
    const out = await phone.post('/logout')
    expect([out.status, locationOf(out), phone.cookies.size]).toEqual([303, `${APP}/`, 0])
    expect([await whoIs(phone), await whoIs(thief), await whoIs(desk)]).toEqual([undefined, undefined, 'ann'])
    expect(provider.isLive('ann')).toBe(true)
    expect(provider.requests()).not.toContain('revocation')
    await desk.post('/logout')
    expect(provider.isLive('ann')).toBe(false)
    await login(desk, 'ann')
    expect([await whoIs(desk), await whoIs(thief)]).toEqual(['ann', undefined])
  })

  test('everywhere ends all of a person, and of nobody else', async () => {
    const { browser, login, web } = makeWorld()
    const [phone, desk, other] = [browser(), browser(), browser()]
    await login(phone, 'ann')
    await login(desk, 'ann')
    await login(other, 'bob')
    await web.end(web.keyOf('ann'))
    await expect(web.end('bob')).rejects.toThrow(/keyOf/)
    expect(await Promise.all([phone, desk, other].map(whoIs))).toEqual([undefined, undefined, 'bob'])
  })

  test('is a POST of this application: a link shows a button, and another origin is refused', async () => {
    const { browser, login } = makeWorld()
    const ann = browser()
    await login(ann, 'ann')
    const link = await ann.open('/logout')
    expect(await link.text()).toContain('<form method="post" action="/logout">')
    const sites = fc.constantFrom('same-origin', 'same-site', 'cross-site', 'none', undefined)
    const origins = fc.constantFrom(APP, 'https://evil.example', 'https://sister.app.example', 'null', undefined)
    await fc.assert(
      fc.asyncProperty(
        sites,
        origins,
        fc.constantFrom('POST', 'PUT', 'PATCH', 'DELETE'),
        async (site, origin, method) => {
          const isOwn = site === 'same-origin' || origin === APP
          fc.pre(!isOwn)
          const headers = {
            ...(site !== undefined && { 'sec-fetch-site': site }),
            ...(origin !== undefined && { origin }),
          }
          const paths = method === 'POST' ? ['/logout', '/'] : ['/']
          for (const path of paths) expect((await ann.open(path, { method, headers })).status).toBe(403)
          expect(await whoIs(ann)).toBe('ann')
        },
      ),
    )
    expect((await ann.open('/', { method: 'POST', headers: { 'sec-fetch-site': 'same-origin' } })).status).toBe(200)
    expect((await ann.open('/logout', { method: 'POST', headers: { 'sec-fetch-site': 'same-origin' } })).status).toBe(
      303,
    )
    expect(await whoIs(ann)).toBe(undefined)
  })

  test('is no business of a page elsewhere that opens a WebSocket', async () => {
    const { browser, login } = makeWorld()
    const ann = browser()
    await login(ann, 'ann')
    for (const upgrade of [{ upgrade: 'websocket' }, { 'sec-fetch-mode': 'websocket', accept: '*/*' }]) {
      for (const origin of ['https://sister.app.example', 'https://evil.example', 'null'])
        expect((await ann.open('/', { headers: { ...upgrade, origin } })).status).toBe(403)
      expect((await ann.open('/', { headers: { ...upgrade, origin: APP } })).status).toBe(200)
    }
  })

  test('leaves the tokens to a login of the same person meanwhile', async () => {
    const inner = memoryStore()
    let meanwhile = async (): Promise<unknown> => undefined
    const store: TokenStore = {
      ...inner,
      compareAndSet:
        (...given) =>
        async () => {
          const answer = await inner.compareAndSet(...given)()
          const then = meanwhile
          meanwhile = async () => undefined
          await then()
          return answer
        },
    }
    const { browser, login, provider } = makeWorld({ store })
    const [phone, desk] = [browser(), browser()]
    await login(phone, 'ann')
    meanwhile = () => login(desk, 'ann')
    await phone.post('/logout')
    expect([await whoIs(phone), await whoIs(desk)]).toEqual([undefined, 'ann'])
    expect(provider.isLive('ann')).toBe(true)
  })

  test('has ended the session before the application says where it leads', async () => {
    const seen: Array<string | undefined> = []
    const afterLogout = async ({ connection }: { readonly connection: { token: () => Promise<string> } }) => {
      seen.push(await whoIs(thief), typeof (await connection.token()))
      return '/'
    }
    const { browser, login } = makeWorld({ afterLogout })
    const [ann, thief] = [browser(), browser()]
    await login(ann, 'ann')
    for (const [name, value] of ann.cookies) thief.cookies.set(name, value)
    await ann.post('/logout')
    expect(seen).toEqual([undefined, 'string'])
  })

  test('is also that somebody else logs in: with the last session of the former person the tokens go', async () => {
    const { browser, login, provider } = makeWorld()
    const [phone, desk] = [browser(), browser()]
    await login(phone, 'ann')
    await login(desk, 'ann')
    await login(phone, 'bob')
    expect([await whoIs(phone), await whoIs(desk), provider.isLive('ann')]).toEqual(['bob', 'ann', true])
    await login(desk, 'bob')
    expect([await whoIs(desk), provider.isLive('ann'), provider.isLive('bob')]).toEqual(['bob', false, true])
    const keeping = makeWorld({ keepTokens: true })
    const shared = keeping.browser()
    await keeping.login(shared, 'ann')
    await keeping.login(shared, 'bob')
    expect([await whoIs(shared), keeping.provider.isLive('ann')]).toEqual(['bob', true])
  })

  test('leads where the application says, and ends the session also where that fails or the server is away', async () => {
    const asked: Array<string> = []
    const afterLogout = async ({ user }: { readonly user: string }): Promise<string> => {
      asked.push(user)
      if (asked.length > 1) throw new Error('no page')
      return `${ISSUER}/logout`
    }
    const { browser, login, provider, events } = makeWorld({ afterLogout })
    const ann = browser()
    await login(ann, 'ann')
    expect(locationOf(await ann.post('/logout'))).toBe(`${ISSUER}/logout`)
    await login(ann, 'ann')
    const [name = '', cookie = ''] = [...ann.cookies][0] ?? []
    provider.down = true
    expect(locationOf(await ann.post('/logout'))).toBe(`${APP}/`)
    expect(events.filter(({ _tag }) => _tag === 'Failed').length).toBeGreaterThan(0)
    ann.cookies.set(name, cookie)
    expect(await whoIs(ann)).toBe(undefined)
  })
})

describe('a session', () => {
  test('lasts as long as it may', async () => {
    const { browser, login, advance } = makeWorld({ maxAge: minutes(60) })
    const ann = browser()
    await login(ann, 'ann')
    advance(minutes(59))
    expect(await whoIs(ann)).toBe('ann')
    advance(minutes(2))
    expect(await whoIs(ann)).toBe(undefined)
  })

  test('whose tokens are over leads to the login', async () => {
    const { browser, login, provider, advance } = makeWorld()
    const ann = browser()
    await login(ann, 'ann')
    provider.forget('ann')
    advance(minutes(61))
    expect(locationOf(await ann.open('/'))).toBe(`${APP}/login?return_to=%2F`)
    expect((await ann.call('/')).status).toBe(401)
    await login(ann, 'ann')
    expect(await whoIs(ann)).toBe('ann')
  })

  test('that cannot be read is no login: the store is asked again', async () => {
    const inner = memoryStore()
    let isDown = false
    const down = TE.left(AuthError.storeFailed('get', 'it is away'))
    const store: TokenStore = {
      ...inner,
      get: (key) => (isDown ? down : inner.get(key)),
      compareAndSet: (...given) => (isDown ? down : inner.compareAndSet(...given)),
    }
    const { browser, login } = makeWorld({ store })
    const ann = browser()
    await login(ann, 'ann')
    isDown = true
    expect([(await ann.open('/')).status, (await ann.post('/logout')).status]).toEqual([503, 503])
    isDown = false
    expect(await whoIs(ann)).toBe('ann')
  })

  test('is for nobody else to keep, unless the page says so', async () => {
    const { browser, login, web } = makeWorld()
    const ann = browser()
    await login(ann, 'ann')
    const cookie = [...ann.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const kept = async (headers: HeadersInit): Promise<string | null> => {
      const answer = await web.requireSession(() => new Response('', { headers }))(
        new Request(APP, { headers: { cookie } }),
      )
      return answer.headers.get('cache-control')
    }
    expect([await kept({}), await kept({ 'cache-control': 'private, max-age=9' })]).toEqual([
      'private, no-store',
      'private, max-age=9',
    ])
  })

  test('begins in every browser, also where all begin at once', async () => {
    const { browser, login } = makeWorld()
    const browsers = Array.from({ length: 8 }, browser)
    await Promise.all(browsers.map((each) => login(each, 'ann')))
    expect(await Promise.all(browsers.map(whoIs))).toEqual(browsers.map(() => 'ann'))
  })
})

test('what is no option is said where it is given', () => {
  expect(() => makeWorld({ name: 'a;b' })).toThrow(/name/)
  expect(() => makeWorld({ paths: { login: 'https://evil.example/login' } })).toThrow(/no path of/)
  expect(() => makeWorld({ paths: { login: '/callback' } })).toThrow(/the same/)
  expect(() => makeWorld({ home: '//evil.example' })).toThrow(/no path of/)
  expect(() => Reflect.apply(makeWorld, undefined, [{ store: undefined, users: {} }])).toThrow(/users/)
})

test('who has no name is nobody', async () => {
  for (const text of ['{"sub":""}', '{}', '{"sub":7}']) {
    const { browser, login, events } = makeWorld({ who: () => () => () => TE.right(JSON.parse(text)) })
    const ann = browser()
    expect((await login(ann, 'ann')).status).toBe(500)
    const error = { field: 'who', message: expect.stringContaining('no sub') }
    expect(events).toMatchObject([{ _tag: 'Failed', error }])
    expect(await whoIs(ann)).toBe(undefined)
  }
})

test('whoever is called as another one is kept is somebody else', async () => {
  const { browser, login, web } = makeWorld()
  const ann = browser()
  await login(ann, 'ann')
  for (const sub of [web.keyOf('ann'), `web sessions of ${web.keyOf('ann')}`, '"', '\u0000']) {
    const other = browser()
    await login(other, sub)
    await other.post('/logout')
    expect(await whoIs(ann)).toBe('ann')
  }
})
