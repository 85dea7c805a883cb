// People in Chromium. Each has a browser context, and so cookies, of their own; it is open for as long as they look at a page, so that
// fifty of them need the memory and the processes of a few.
import { setTimeout as sleep } from 'node:timers/promises'

/** Only what hangs takes so long, also on a busy machine, in ms. */
const TIMEOUT = 60_000
/** How long a person waits before they load a page again that could not be shown, in ms. */
const PAUSE = 500

/** @typedef {{ readonly sub: string, cookies: import('playwright-core').Cookie[], seenAt: number }} Person */

/**
 * What the application says to a person: who is logged in, and whose token it has, twice.
 * @param {Person} person
 */
export const nameOf = ({ sub }) => `${sub}/${sub} ${sub}/${sub}`

/**
 * @param {import('playwright-core').Browser} browser
 * @param {string} origin
 */
export const peopleIn = (browser, origin) => {
  let again = 0

  /**
   * @template A
   * @param {Person} person
   * @param {(page: import('playwright-core').Page) => Promise<A>} use
   */
  const inBrowser = async (person, use) => {
    const context = await browser.newContext()
    try {
      context.setDefaultTimeout(TIMEOUT)
      await context.addCookies(person.cookies)
      return await use(await context.newPage())
    } finally {
      person.cookies = await context.cookies()
      person.seenAt = performance.now()
      await context.close()
    }
  }

  /**
   * Opens the application. What it says, or where the browser was led to instead; a page that cannot be shown at the moment is loaded again.
   * @param {import('playwright-core').Page} page
   * @returns {Promise<string>}
   */
  const look = async (page) => {
    const response = await page.goto(origin)
    if ((response?.status() ?? 0) < 500) {
      // The application's page with an answer, or the form of the provider's.
      await page.waitForSelector('#who:not(:empty), form')
      const { origin: at } = new URL(page.url())
      if (at !== origin) return at
      const said = (await page.locator('#who').textContent()) ?? ''
      if (!/\b50\d\b/.test(said)) return said
    }
    again++
    await sleep(PAUSE)
    return look(page)
  }

  return {
    /** How often a page was loaded again. */
    again: () => again,
    login: (/** @type {Person} */ person) =>
      inBrowser(person, async (page) => {
        while ((await look(page)) !== nameOf(person)) {
          await page.getByLabel('As').selectOption(person.sub)
          await page.getByRole('button', { name: 'Grant access' }).click()
          await page.waitForURL((url) => url.origin === origin)
        }
      }),
    /** What the application says to who comes back. */
    visit: (/** @type {Person} */ person) => inBrowser(person, look),
    /** Another page of the application's. */
    open: (/** @type {Person} */ person, /** @type {string} */ path) =>
      inBrowser(person, (page) => page.goto(`${origin}${path}`, { waitUntil: 'load' })),
  }
}
