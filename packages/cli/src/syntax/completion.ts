import { Argument } from 'commander'
import type { Syntax } from './Syntax.js'

/** The shells whose completion is known. */
const SHELLS = ['bash', 'zsh', 'fish']

export const completion: Syntax = (root, run) => {
  root
    .command('completion')
    .description('print the script that completes commands, options and names in a shell')
    .addArgument(new Argument('<shell>', 'which').choices(SHELLS))
    .addHelpText(
      'after',
      `
To install it:
  bash   add to ~/.bashrc:  eval "$(tessera completion bash)"
  zsh    add to ~/.zshrc, after compinit:  eval "$(tessera completion zsh)"
  fish   tessera completion fish > ~/.config/fish/completions/tessera.fish`,
    )
    .action((shell: string) => run(async () => (await import('../commands/completion.js')).completion, { shell }))
}

/** What the scripts ask at each tab. */
export const complete: Syntax = (root, run) => {
  root
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action((words: ReadonlyArray<string>) =>
      run(async () => (await import('../commands/completion.js')).complete, { root, words }),
    )
}
