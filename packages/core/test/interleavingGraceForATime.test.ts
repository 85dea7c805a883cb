import { judged } from './interleaving/judged.js'

judged('grace for a time')
