// A person with a browser, for programs that are web applications: opens a page, follows where it leads, and consents.

const MOST_PAGES = 12

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
  /** @type {RequestInit} */
  let request = {}
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(at, { ...request, redirect: 'manual', headers: { ...request.headers, cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    const text = await response.text()
    const location = response.headers.get('location')
    const ticket = field(text, 'ticket')
    if (location !== null) {
      at = new URL(location, at).href
      request = {}
    } else if (ticket !== undefined) {
      const user = /<option value="(\d+)"/.exec(text)?.[1] ?? ''
      at = new URL(/<form method="post" action="([^"]+)"/.exec(text)?.[1] ?? at, at).href
      request = { method: 'POST', body: new URLSearchParams({ ticket, user, decision: 'grant' }) }
    } else return { url: at, status: response.status, text }
  }
  throw new Error(`${url} leads through more than ${MOST_PAGES} pages`)
}
