/**
 * Makes a profile of what a person answers.
 */
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isCancel, password, text } from '@clack/prompts'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { ExitCode } from '../exitCode.js'
import { type Problem, problem } from '../report.js'

const required = (value: string | undefined): string | undefined =>
  value === undefined || value.trim() === '' ? 'needed' : undefined

/**
 * Asks for the application's credentials and writes a settings file that only its owner can read. A server that was named
 * belongs to them.
 */
export const askSettings = (file: string, again: string, baseUrl: string | undefined): TE.TaskEither<Problem, void> => {
  const interrupted = TE.left(problem(ExitCode.interrupted, 'interrupted', again))
  const output = process.stderr
  return async () => {
    const clientID = await text({
      message: 'Client ID (Developer Console → your application → Configuration)',
      validate: required,
      output,
    })
    if (isCancel(clientID)) return interrupted()
    const clientSecret = await password({ message: 'Client secret', validate: required, output })
    if (isCancel(clientSecret)) return interrupted()
    const settings = {
      boxAppSettings: { clientID: clientID.trim(), clientSecret: clientSecret.trim() },
      ...(baseUrl !== undefined && { tessera: { baseUrl } }),
    }
    return TE.tryCatch(
      async () => {
        await mkdir(dirname(file), { recursive: true, mode: 0o700 })
        const handle = await open(file, 'wx', 0o600)
        try {
          await handle.writeFile(`${JSON.stringify(settings, null, 2)}\n`)
        } finally {
          await handle.close()
        }
      },
      () => problem(ExitCode.configuration, `${file} cannot be written`, 'set XDG_CONFIG_HOME to a folder of your own'),
    )()
  }
}
