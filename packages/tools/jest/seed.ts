/** Chooses the one seed of a run, prints it, and hands it to the workers through the environment. */
const chooseSeed = (): void => {
  const seed = process.env['FC_SEED'] ?? String(Math.floor(Math.random() * 0x7fffffff))
  process.env['FC_SEED'] = seed
  process.stderr.write(`FC_SEED=${seed}\n`)
}

export default chooseSeed
