/** The sandbox's pages as a person meets them: in Chromium. */
import * as Box from '@tessera/box'
import { memoryStore, Secret, Strategy, seconds, TokenSource } from '@tessera/core'
import { accessToken, type NodeEnv, nodeEnv } from '@tessera/node'
import { authorizationCode, callback, deviceCode, refreshToken, type Transaction } from '@tessera/oauth2'
import { type Sandbox, startSandbox } from '@tessera/sandbox'
import { pipe } from 'fp-ts/lib/function.js'
import type { Browser, Page } from 'playwright-core'
import { describeWith } from '../../../tools/jest/needs.js'
import { httpServer, type Listening } from '../../src/servers/httpServer.js'
import { openChromium } from '../support/chromium.js'
import { impatientClock } from '../support/clock.js'
import { right, told } from '../support/either.js'

/** One loopback listener, as a program's login has it. */
const listening = async (): Promise<{
  readonly server: Listening
  readonly redirectUri: string
  readonly arrived: Promise<string>
}> => {
  let arrive: (url: string) => void = () => undefined
  const arrived = new Promise<string>((resolve) => {
    arrive = resolve
  })
  const server = await httpServer(({ request }, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<title>Done</title>You can close this page.')
    if (request.url?.startsWith('/callback?')) arrive(request.url)
  })
  return { server, redirectUri: `${server.url}/callback`, arrived }
}

const inChromium = (): void => {
  let browser: Browser
  let page: Page
  let box: Sandbox
  let env: NodeEnv

  beforeAll(async () => {
    browser = await openChromium()
  })
  afterAll(() => browser.close())
  beforeEach(async () => {
    box = await startSandbox({ client: { name: 'Invoices & <i>more</i>' } })
    env = nodeEnv()
    page = await browser.newPage()
  })
  afterEach(async () => {
    await page.close()
    await env.close()
    await box.close()
  })

  const clientOfBox = () => Box.client({ ...box.client, server: Box.serverAt(box.url) })

  const answerOf = async (transaction: Transaction, arrived: Promise<string>, button: string) => {
    await page.goto(transaction.url)
    expect(await page.title()).toBe('Invoices & <i>more</i> asks for access')
    await page.getByLabel('As').selectOption('7002')
    await page.getByRole('button', { name: button }).click()
    const url = await arrived
    await page.waitForURL(/\/callback\?/)
    expect(await page.title()).toBe('Done')
    return callback(transaction)(url)()
  }

  test('a person who grants: the callback, then the exchange of the code', async () => {
    const client = clientOfBox()
    const { server, redirectUri, arrived } = await listening()
    const transaction = right(Box.authorizationRequest({ client, redirectUri })(env)())
    const answer = right(await answerOf(transaction, arrived, 'Grant access'))
    const source = pipe(refreshToken({ client }), TokenSource.make({ store: memoryStore() }))(env)()
    right(await source.login(authorizationCode({ client, ...answer }))(env)())
    const me = await fetch(`${box.endpoints.api}/users/me`, {
      headers: { authorization: `Bearer ${await accessToken(source)}` },
    })
    expect(await me.json()).toMatchObject({ id: '7002' })
    await server.close()
  })

  test('a person who denies', async () => {
    const { server, redirectUri, arrived } = await listening()
    const transaction = right(Box.authorizationRequest({ client: clientOfBox(), redirectUri })(env)())
    expect(told(await answerOf(transaction, arrived, 'Deny'))).toBe('302 access_denied')
    await server.close()
  })

  const onDevice = async (button: string) => {
    const client = clientOfBox()
    let shown: { readonly verificationUri: string; readonly userCode: string } | undefined
    let polls = 0
    // The person decides after the first poll.
    const { clock } = impatientClock(async () => {
      box.clock.advance(seconds(5))
      if (++polls !== 2 || shown === undefined) return
      await page.goto(shown.verificationUri)
      await page.getByLabel('The code that your device shows').fill('WRONG-CODE')
      await page.getByRole('button', { name: 'Continue' }).click()
      expect(await page.getByRole('alert').textContent()).toContain('unknown')
      await page.getByLabel('The code that your device shows').fill(shown.userCode.toLowerCase())
      await page.getByRole('button', { name: 'Continue' }).click()
      expect(await page.getByText('Does your device show').textContent()).toContain(shown.userCode)
      await page.getByRole('button', { name: button }).click()
      await page.locator('#message').waitFor()
    })
    const live = { ...env, clock }
    const login = deviceCode({
      client,
      onUserCode: (authorization) => {
        shown = authorization
      },
    })
    return login(Strategy.attempt(seconds(300))(live)())(live)()
  }

  test('a device that is approved', async () => {
    const { accessToken: token } = right(await onDevice('Grant access'))
    expect(await page.title()).toBe('Access granted')
    expect(box.isActive(Secret.open(token))).toBe(true)
  })

  test('a device that is denied', async () => {
    expect(told(await onDevice('Deny'))).toBe('400 access_denied')
    expect(await page.title()).toBe('Access denied')
  })
}

describeWith('chromium')('in Chromium', inChromium)
