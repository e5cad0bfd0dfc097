// What is wrong with a pull Secret, or worth knowing about it, in words for people; never with anything of a credential in them.

export type SecretFinding = {
  /** As the diagnosis of pulls numbers them. */
  code: 'PS-2' | 'PS-3' | 'PS-4' | 'PS-5' | 'PS-6' | 'PS-7' | 'PS-10';
  /** `error`: a pull with it fails; `warning`: some do, or will; `note`: it works. */
  severity: 'error' | 'warning' | 'note';
  message: string;
  fix: string;
};
