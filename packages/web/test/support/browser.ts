/** A browser, as far as cookies and redirects go. */

/** Sends a request, and follows nothing. */
export type Send = (request: Request) => Promise<Response>

export interface Browser {
  readonly cookies: Map<string, string>
  /** A page that a person opens: a navigation. */
  readonly open: (path: string, init?: RequestInit) => Promise<Response>
  /** A form of the application's own page. */
  readonly post: (path: string) => Promise<Response>
  /** A program of the page's. */
  readonly call: (path: string) => Promise<Response>
}

/** Refuses what browsers refuse of a cookie (RFC 6265bis §4.1.3.2). */
const taken = (line: string, isHttps: boolean): { name: string; value: string; age: number } => {
  const [pair = '', ...attributes] = line.split('; ')
  const at = pair.indexOf('=')
  const [name, value] = [pair.slice(0, at), pair.slice(at + 1)]
  const has = (attribute: string): boolean => attributes.includes(attribute)
  if (!has('HttpOnly') || !has('SameSite=Lax') || !has('Path=/'))
    throw new Error(`a cookie without what it must have: ${line}`)
  if (attributes.some((attribute) => attribute.startsWith('Domain'))) throw new Error('a cookie with a domain')
  if (isHttps !== has('Secure') || isHttps !== name.startsWith('__Host-'))
    throw new Error(`a cookie of another scheme: ${name}`)
  if (line.length > 4_096) throw new Error(`a cookie of ${line.length} characters`)
  const age = Number(attributes.find((attribute) => attribute.startsWith('Max-Age='))?.slice('Max-Age='.length))
  return { name, value, age }
}

export const browser = (origin: string, send: Send): Browser => {
  const cookies = new Map<string, string>()
  const ask = async (path: string, init: RequestInit, headers: Record<string, string>): Promise<Response> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const url = new URL(path, origin)
    const all = { ...headers, ...(cookie !== '' && { cookie }), ...init.headers }
    const answer = await send(new Request(url, { redirect: 'manual', ...init, headers: all }))
    for (const line of answer.headers.getSetCookie()) {
      const { name, value, age } = taken(line, url.protocol === 'https:')
      if (age > 0) cookies.set(name, value)
      else cookies.delete(name)
    }
    return answer
  }
  return {
    cookies,
    open: (path, init = {}) =>
      ask(path, init, { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'none' }),
    post: (path) =>
      ask(
        path,
        { method: 'POST' },
        { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'same-origin', origin },
      ),
    call: (path) => ask(path, {}, { accept: '*/*', 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin' }),
  }
}

/** Where an answer leads to. */
export const locationOf = (answer: Response): string => answer.headers.get('location') ?? ''
