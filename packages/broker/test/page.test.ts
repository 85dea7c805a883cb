/** The status page, as a person has it in a browser. */
import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { AuthError, Secret } from '@tessera/core'
import { run } from '@tessera/node'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type Browser, chromium, type Page } from 'playwright-core'
import { testWith } from '../../tools/jest/needs.js'
import { chromium as chromiumPath } from '../../tools/jest/tools.cjs'
import { brokerServer, listenOnPort, loopbackDoor, statusPage } from '../src/index.js'
import { ask, type World, withBroker } from './support.js'

/** As root and without a network. */
const FLAGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync']

const bearer = Secret.make('BrokerBearer', 'b'.repeat(40))

/** The page of a broker, at a port. */
const withPage =
  (
    use: (
      world: World,
      at: { readonly url: string; readonly link: () => string; readonly logins: string[] },
    ) => Promise<void>,
  ) =>
  (): Promise<void> =>
    withBroker(async (world) => {
      const logins: string[] = []
      const { route, link } = statusPage({
        broker: world.broker,
        logIn: (profile) => {
          logins.push(profile)
          return TE.right(undefined)
        },
      })
      let port = 0
      const { server } = brokerServer({
        broker: world.broker,
        door: loopbackDoor({ port: () => port, bearer }),
        routes: [route],
      })
      port = await run(listenOnPort(server, 0))
      const url = `http://127.0.0.1:${port}`
      try {
        await use(world, { url, link: () => url + link(), logins })
      } finally {
        server.close()
        server.closeAllConnections()
      }
    })()

test(
  'the page is for who has the link, once, and for no other site',
  withPage(async ({ broker }, { url, link, logins }) => {
    const port = Number(new URL(url).port)
    const visit = (path: string, headers: Readonly<Record<string, string>> = {}) => ask({ port }, path, { headers })
    const path = (of: string): string => of.slice(url.length)
    const old = path(link())
    const good = path(link())
    // The one before is not good any more, nor is another.
    expect((await visit(old)).status).toBe(403)
    expect((await visit('/page/?key=')).status).toBe(403)
    expect((await visit('/page/')).status).toBe(403)
    const opened = await visit(good)
    expect(opened.status).toBe(303)
    expect((await visit(good)).status).toBe(403)

    const own = opened.headers.location ?? ''
    const [cookie = ''] = opened.headers['set-cookie'] ?? []
    expect(cookie).toMatch(/^tessera-page=\S{32}; Path=\/page\/\S{32}\/; HttpOnly; SameSite=Lax$/)
    const held = { cookie: cookie.split(';')[0] ?? '' }
    const page = await visit(own, held)
    expect(page.status).toBe(200)
    expect(page.headers['content-security-policy']).toContain("default-src 'none'")
    expect(page.body).not.toMatch(/https?:\/\//)
    for (const file of ['', 'sessions', 'script.js', 'events', 'style.css']) {
      expect((await visit(own + file)).status).toBe(403)
    }
    expect((await visit(`${own}nothing`, held)).status).toBe(404)

    // A login is begun by the page alone.
    const login = (headers: Readonly<Record<string, string>>, body = '{"profile":"work"}') =>
      ask({ port }, `${own}login`, { method: 'POST', body, headers })
    expect((await login({ ...held, origin: 'https://evil.example' })).status).toBe(403)
    expect((await login({ origin: url })).status).toBe(403)
    expect((await login({ ...held, host: 'evil.example', origin: url })).status).toBe(421)
    expect((await login({ ...held, origin: url }, 'work')).status).toBe(400)
    expect(logins).toEqual([])
    expect((await login({ ...held, origin: url })).status).toBe(202)
    expect(logins).toEqual(['work'])
    expect(broker.tally.all()).toEqual([])
  }),
)

/** What axe says of a page. */
const complaints = async (page: Page): Promise<ReadonlyArray<string>> => {
  await page.evaluate(readFileSync(createRequire(__filename).resolve('axe-core/axe.min.js'), 'utf8'))
  const found: { violations: ReadonlyArray<{ id: string; nodes: ReadonlyArray<{ html: string }> }> } =
    await page.evaluate('axe.run()')
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

/** Where pictures go, for whoever wants to see them. */
const PICTURES = process.env['PAGE_PICTURES']

const photographed = async (page: Page, name: string): Promise<void> => {
  if (PICTURES === undefined) return
  await mkdir(PICTURES, { recursive: true })
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true })
}

testWith('chromium')(
  'the page shows what happens, by day and by night, on a phone, by keyboard; axe finds nothing',
  withPage(async ({ get, post, origin, path }, { link, logins }) => {
    let browser: Browser | undefined
    try {
      browser = await chromium.launch({ executablePath: chromiumPath() ?? 'chromium', args: FLAGS })
      const context = await browser.newContext({ viewport: { width: 360, height: 740 }, colorScheme: 'light' })
      const page = await context.newPage()
      const problems: string[] = []
      page.on('console', (message) => {
        if (message.type() === 'error') problems.push(message.text())
      })
      page.on('request', (request) => {
        if (!request.url().startsWith('http://127.0.0.1:')) problems.push(request.url())
      })
      await page.goto(link())
      await page.getByText('live', { exact: true }).waitFor()
      await page.getByRole('heading', { name: 'work' }).waitFor()
      await page.getByText('Nobody has asked yet.').waitFor()

      // What happens is there without a word of the person.
      for (const agent of ['terraform/1.9', 'claude-code/2.1 (agent)', 'kubectl']) {
        await ask({ socketPath: path }, '/token', { headers: { 'user-agent': agent } })
      }
      await page.getByText('valid', { exact: true }).waitFor()
      await page.getByRole('cell', { name: 'terraform/1.9' }).waitFor()
      const { body } = await get('/token')
      await post('/refused', JSON.parse(body))
      await page.getByRole('status').getByText('work was refused by a server.').waitFor()
      await photographed(page, 'phone')
      expect(await complaints(page)).toEqual([])
      // Nothing is wider than the phone.
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)

      await page.emulateMedia({ colorScheme: 'dark' })
      await page.setViewportSize({ width: 1280, height: 800 })
      await photographed(page, 'desktop-dark')
      expect(await complaints(page)).toEqual([])

      origin.failWith(AuthError.reauthenticationRequired('revoked'))
      await page.getByRole('button', { name: 'Log in again' }).waitFor()
      await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      await page.getByRole('status').getByText('A login for work has begun').waitFor()
      expect(logins).toEqual(['work'])
      await page.setViewportSize({ width: 360, height: 740 })
      await photographed(page, 'phone-dark')
      expect(await complaints(page)).toEqual([])
      expect(problems).toEqual([])
      const shown = await page.content()
      for (const secret of ['access-', 'refresh-', 'id-1', 'b'.repeat(40)]) expect(shown).not.toContain(secret)
    } finally {
      await browser?.close()
    }
  }),
)
