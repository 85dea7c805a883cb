/**
 * Sends a person to a login, by the browser of the system or by hand.
 */
import type { Task } from 'fp-ts/lib/Task.js'
import type { Invocation } from '../invocation.js'
import { openBrowser } from './openBrowser.js'
import { type RedirectPage, writeRedirectPage } from './redirectPage.js'

/** A way to send a person to an address, and its end. */
export interface Browser {
  readonly visit: (url: string) => void
  /** Removes what was written for the visit. */
  readonly end: Task<void>
}

const byAddress = (url: string): string => `open this address in a browser:\n\n  ${url}\n`

/** The person opens the address. */
export const byHand = ({ output }: Invocation): Browser => ({
  visit: (url) => output.tell(byAddress(url)),
  end: () => Promise.resolve(),
})

/** The system opens its browser; where that does not work, the person is told the address. */
export const bySystem = ({ output, variables }: Invocation): Browser => {
  let writing: Promise<RedirectPage> | undefined
  return {
    visit: (url) => {
      output.say('opening the browser; if nothing happens, end this and give the same command with --no-browser')
      // On WSL the system's browser is one of Windows, which knows no files of Linux; PowerShell opens it, by an encoded argument.
      const isElsewhere = variables['WSL_DISTRO_NAME'] !== undefined && (variables['BROWSER'] ?? '').trim() === ''
      writing = isElsewhere ? undefined : writeRedirectPage(url)
      void (writing ?? Promise.resolve({ address: url }))
        .then(({ address }) => openBrowser(address, variables))
        .catch(() => output.tell(byAddress(url)))
    },
    end: async () => {
      await (await writing?.catch(() => undefined))?.remove()
    },
  }
}
