import { request } from 'undici'

/** Where a person ended up: at a callback, which is not opened, or at a last page. */
export interface Arrival {
  readonly callback: string | undefined
  readonly page: string
}

/** What a person does with a page that has a form: fills it in, follows a link instead, or leaves it at that. */
export type Decide = (
  page: string,
  fields: URLSearchParams,
) => URLSearchParams | { readonly follow: string } | undefined

const plain = (text: string): string => text.replaceAll('&amp;', '&').replaceAll('&quot;', '"')

const attribute = (tag: string, name: string): string | undefined => {
  const value = new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1]
  return value === undefined ? undefined : plain(value)
}

const formOf = (page: string): { readonly action: string; readonly fields: URLSearchParams } | undefined => {
  const action = attribute(/<form[^>]*>/.exec(page)?.[0] ?? '', 'action')
  if (action === undefined) return undefined
  const inputs = [...page.matchAll(/<input[^>]*>/g)].map(([tag]) => tag)
  const named = inputs.map((tag) => [attribute(tag, 'name') ?? '', attribute(tag, 'value') ?? ''] as [string, string])
  return { action, fields: new URLSearchParams(named) }
}

/**
 * Opens a URL as a person with a browser would: keeps cookies, follows redirects within the server, and submits each form as
 * `decide` fills it in, until a redirect leads away from the server or a page has no form. The cookies of a browser may be kept.
 */
export const visit = async (
  start: string,
  decide: Decide,
  cookies: Map<string, string> = new Map(),
): Promise<Arrival> => {
  const { origin } = new URL(start)
  const open = async (url: string, form?: URLSearchParams): Promise<{ location?: string; page: string }> => {
    const answer = await request(url, {
      method: form === undefined ? 'GET' : 'POST',
      headers: {
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      body: form?.toString() ?? null,
    })
    for (const cookie of [answer.headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    const page = await answer.body.text()
    const { location } = answer.headers
    return typeof location === 'string' ? { location: new URL(location, url).href, page } : { page }
  }

  let at = await open(start)
  for (let steps = 0; steps < 20; steps++) {
    if (at.location !== undefined) {
      if (new URL(at.location).origin !== origin) return { callback: at.location, page: at.page }
      at = await open(at.location)
      continue
    }
    const form = formOf(at.page)
    const decided = form === undefined ? undefined : decide(at.page, form.fields)
    if (form === undefined || decided === undefined) return { callback: undefined, page: at.page }
    at =
      decided instanceof URLSearchParams
        ? await open(new URL(form.action, origin).href, decided)
        : await open(decided.follow)
  }
  throw new Error('the pages have no end')
}

/** Logs in as ann, and agrees. */
export const consenting: Decide = (_page, fields) => {
  if (fields.has('login')) fields.set('login', 'ann')
  if (fields.has('password')) fields.set('password', 'anything')
  return fields
}

/** The callback at which a person ended up. */
export const callbackOf = ({ callback, page }: Arrival): string => {
  if (callback === undefined) throw new Error(`no callback, but: ${page}`)
  return callback
}
