/**
 * A person with a browser, for tests: opens a consent page over HTTP and answers it, following no redirect.
 */
import { request } from 'node:http'

interface Page {
  readonly status: number
  readonly location: string | undefined
  readonly text: string
}

const ask = (method: 'GET' | 'POST', address: string, form?: URLSearchParams): Promise<Page> =>
  new Promise((resolve, reject) => {
    const headers = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }
    // no agent: a connection of its own, that nothing keeps open
    const asked = request(address, { method, headers, agent: false }, (response) => {
      const chunks: Array<Buffer> = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          location: response.headers.location,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      )
    })
    asked.on('error', reject)
    asked.end(form?.toString())
  })

const ticketOf = (page: Page): string => {
  const ticket = /name="ticket" value="([^"]+)"/.exec(page.text)?.[1]
  if (ticket !== undefined) return ticket
  const message = /(?:id="message"|role="alert")>([^<]*)</.exec(page.text)?.[1]
  throw new Error(`The server shows no consent page (${page.status}): ${message ?? 'no message'}`)
}

/** How the person answers. */
export interface Consent {
  /** `true` unless given. */
  readonly allow?: boolean
  /** The id of the user who answers. */
  readonly user?: string
}

/** Opens the page at `pageUrl`, and posts the answer to `action`. A redirect of the page itself is returned as it is. */
export const answerPage = async (
  pageUrl: string,
  action: string,
  consent: { readonly allow: boolean; readonly user: string },
): Promise<Page> => {
  const page = await ask('GET', pageUrl)
  if (page.location !== undefined) return page
  const decision = consent.allow ? 'grant' : 'deny'
  return ask('POST', action, new URLSearchParams({ ticket: ticketOf(page), user: consent.user, decision }))
}
