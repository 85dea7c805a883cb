/** Node.js's requests as the Fetch API's. */

/** What Node.js, Express and Fastify have in common of a request. */
export interface NodeRequest {
  readonly method?: string | undefined
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
}

const headersOf = ({ headers }: NodeRequest): Headers => {
  const all = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    // Those of HTTP/2 are no headers.
    if (value === undefined || name.startsWith(':')) continue
    for (const one of typeof value === 'string' ? [value] : value) all.append(name, one)
  }
  return all
}

/** The host in the URL says nothing: the handlers go by the redirect URI. */
const ORIGIN = 'http://localhost'

/** `target` is the path and the query. */
export const toRequest = (request: NodeRequest, target: string, body?: string): Request => {
  const { method = 'GET' } = request
  const url = `${ORIGIN}${target.startsWith('/') ? target : '/'}`
  return new Request(url, { method, headers: headersOf(request), ...(body !== undefined && { body }) })
}

const isForm = (value: unknown): value is Readonly<Record<string, string>> =>
  typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'string')

/** A body as a parser has left it, for forms. */
export const formText = (body: unknown): string | undefined => {
  if (typeof body === 'string') return body
  return isForm(body) ? new URLSearchParams(body).toString() : undefined
}

/** Headers by their names; there may be several cookies. */
export const headerLists = (response: Response): ReadonlyArray<readonly [string, string | Array<string>]> => {
  const cookies = response.headers.getSetCookie()
  const others = [...response.headers].filter(([name]) => name !== 'set-cookie')
  return cookies.length > 0 ? [...others, ['set-cookie', cookies]] : others
}
