/** Answers that nobody keeps. */

/** For what a person sees who is logged in. */
export const PRIVATE = 'private, no-store'

const COMMON = {
  'cache-control': 'no-store',
  // A callback's URL has a code in it, which is nobody else's business.
  'referrer-policy': 'same-origin',
}

const withCookies = (headers: Readonly<Record<string, string>>, cookies: ReadonlyArray<string>): Headers => {
  const all = new Headers({ ...COMMON, ...headers })
  for (const cookie of cookies) all.append('set-cookie', cookie)
  return all
}

/** Whatever the method was, the browser goes on with GET. */
export const redirect = (location: string, cookies: ReadonlyArray<string> = []): Response =>
  new Response(null, { status: 303, headers: withCookies({ location }, cookies) })

/** A problem for programs (RFC 9457). */
export const problem = (
  status: number,
  title: string,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): Response =>
  new Response(JSON.stringify({ type: 'about:blank', title, status, detail }), {
    status,
    headers: withCookies({ ...headers, 'content-type': 'application/problem+json' }, []),
  })

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`)

/** A page with a link, or with a button that posts. No word of it comes from a request. */
export const page = (
  status: number,
  title: string,
  action: { readonly name: string; readonly path: string; readonly posts?: true },
): Response => {
  const [name, path] = [escaped(action.name), escaped(action.path)]
  const what =
    action.posts === true
      ? `<form method="post" action="${path}"><button>${name}</button></form>`
      : `<p><a href="${path}">${name}</a></p>`
  return new Response(
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(title)}</title><h1>${escaped(title)}</h1>${what}</html>`,
    {
      status,
      headers: withCookies(
        {
          'content-type': 'text/html; charset=utf-8',
          'content-security-policy': "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
          'x-content-type-options': 'nosniff',
        },
        [],
      ),
    },
  )
}

/**
 * A copy with the given cookies, which no cache may keep, unless the answer has a `Cache-Control` of its own. It is a copy because the
 * headers of some answers cannot be changed.
 */
export const adding = (response: Response, cookies: ReadonlyArray<string>): Response => {
  const headers = new Headers(response.headers)
  if (!headers.has('cache-control')) headers.set('cache-control', PRIVATE)
  for (const cookie of cookies) headers.append('set-cookie', cookie)
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers })
}
