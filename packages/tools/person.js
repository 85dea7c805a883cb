// A person with a browser, for programs that are web applications: opens a page, follows where it leads, and consents.
import { once } from 'node:events'
import { request as ask } from 'node:http'
import { text as textOf } from 'node:stream/consumers'

const MOST_PAGES = 12

/**
 * As a browser goes to a page: `fetch` of Node.js says that a program asks.
 * @param {string} url
 * @param {string} cookie
 * @param {URLSearchParams} [form]
 */
const open = async (url, cookie, form) => {
  const headers = {
    accept: 'text/html',
    cookie,
    ...(form && { origin: new URL(url).origin, 'content-type': 'application/x-www-form-urlencoded' }),
  }
  const request = ask(url, { method: form ? 'POST' : 'GET', headers, agent: false }).end(form?.toString())
  /** @type {readonly import('node:http').IncomingMessage[]} */
  const [response] = await once(request, 'response')
  if (response === undefined) throw new Error(`${url} gave no answer`)
  const {
    statusCode: status = 0,
    headers: { location, 'set-cookie': setCookies = [] },
  } = response
  return { status, location, setCookies, text: await textOf(response) }
}

/** @param {string} page @param {string} name */
const field = (page, name) => new RegExp(`name="${name}" value="([^"]+)"`).exec(page)?.[1]

/**
 * Opens `url` and goes on until a page neither redirects nor asks for consent (as the sandbox's do).
 * @param {string} url
 * @returns {Promise<{ readonly url: string, readonly status: number, readonly text: string }>}
 */
export const visit = async (url) => {
  /** @type {Map<string, string>} */
  const cookies = new Map()
  let at = url
  /** @type {URLSearchParams | undefined} */
  let form
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const { status, location, setCookies, text } = await open(at, cookie, form)
    for (const line of setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    const ticket = field(text, 'ticket')
    if (location !== undefined) {
      at = new URL(location, at).href
      form = undefined
    } else if (ticket !== undefined) {
      const user = /<option value="(\d+)"/.exec(text)?.[1] ?? ''
      at = new URL(/<form method="post" action="([^"]+)"/.exec(text)?.[1] ?? at, at).href
      form = new URLSearchParams({ ticket, user, decision: 'grant' })
    } else return { url: at, status, text }
  }
  throw new Error(`${url} leads through more than ${MOST_PAGES} pages`)
}
