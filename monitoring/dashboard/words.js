// What the page says, in both languages; the choice is remembered.

const WORDS = {
  fr: {
    skip: "Aller aux chiffres", motto: "la fin de gestion, en direct", title: "Crescendo, en direct", language: "Langue",
    search: "Chercher un acte, un dépôt ou un lot", searchHint: "EJ-1, dépôt 12, lot 7", find: "Chercher", key: "Clé", close: "Fermer",
    pace: "Débit", linesASecond: "lignes par seconde", formsASecond: "formulaires par seconde",
    peak: "deux minutes, maximum {0} lignes par seconde", now: "Maintenant", since: "Compté depuis",
    flow: "Le chemin d’un acte", arriving: "Réception", uploads: "fichiers en cours d’envoi",
    formsAnswered: "formulaires répondus", formsInTime: "en moins de 250 ms", waiting: "Attente", filesWaiting: "fichiers",
    linesWaiting: "lignes", formsWaiting: "formulaires", oldest: "le plus ancien", reading: "Lecture", deciding: "Décision",
    writing: "Écriture", core: "d’un cœur", prove: "contrôle du fichier", read: "lecture", resolve: "résolution",
    decide: "contrôle des crédits", encode: "mise en forme", hash: "chaînage", checkpoint: "point de reprise",
    lastBatch: "dernier lot", committedWithin: "99 % en moins de", failed: "reprises", committed: "Validé",
    accepted: "acceptées", duplicate: "doublons", refused: "refusées",
    flows: "Flux par ministère", noFlows: "Aucun fichier reçu.", sender: "Émetteur", received: "Reçus",
    inTreatment: "En traitement", integrated: "Intégrés", partly: "Partiels", refusedFiles: "Refusés",
    acceptedLines: "Lignes acceptées", refusedLines: "Lignes refusées",
    refusals: "Refus par motif", noRefusals: "Aucun refus.", reason: "Motif", lines: "Lignes", share: "Part",
    cutOff: "Avant la clôture", passed: "close depuis {0}", underWay: "lignes en cours", empty: "vide dans",
    programmes: "Programmes, par ce qui reste d’AE et de CP", noProgrammes: "Aucun crédit ouvert.", programme: "Programme",
    year: "Année", aeOpened: "AE ouvertes", aeLeft: "AE restantes", cpOpened: "CP ouverts", cpLeft: "CP restants",
    aeShare: "part des AE", cpShare: "part des CP", money: "Montant",
    batches: "Derniers lots et leur preuve", noBatches: "Aucun lot validé.", batch: "Lot", at: "Heure", entries: "Écritures",
    duplicates: "Doublons", refusedShort: "Refus", amount: "Montant accepté", proof: "Preuve", verify: "Vérifier",
    verifyBatch: "Vérifier le lot {0}",
    submissions: "Derniers dépôts", noSubmissions: "Les dépôts sont montrés aux clés qui y ont droit.", submission: "Dépôt",
    file: "Fichier", state: "État", acceptedShort: "Acceptées", openSubmission: "Ouvrir le dépôt {0}",
    truth: "Chaque chiffre est celui de /metrics et de la base.", interface: "L’interface",
    keyTitle: "Une clé est nécessaire",
    keyTold: "Les chiffres de tous les émetteurs sont pour les exploitants et les auditeurs. La clé reste dans cet onglet.",
    keyRefused: "Cette clé n’ouvre pas cette page.", use: "Utiliser la clé", forget: "Oublier la clé",
    "state.waiting": "Connexion…", "state.live": "En direct", "state.loading": "Chargement du livre",
    "state.lost": "Plus de réponse, nouvel essai", "state.locked": "Clé demandée",
    "ticket.waiting": "en attente", "ticket.deciding": "en traitement", "ticket.decided": "décidé",
    said: "{0} lignes par seconde, {1} fichiers en attente, {2} lignes acceptées, {3} refusées.",
    submissionTitle: "Dépôt {0}", batchTitle: "Preuve du lot {0}", actTitle: "Acte {0}",
    entry: "Écriture {0}", day: "Date", payee: "Bénéficiaire", node: "Nœud budgétaire", aeBefore: "AE avant", aeAfter: "AE après",
    cpBefore: "CP avant", cpAfter: "CP après", related: "Acte lié", kind: "Type", notFound: "Introuvable, ou pas visible avec cette clé.",
    needsKey: "Donner une clé pour le voir.", failedRequest: "Pas de réponse du service.",
    holds: "Tout concorde avec les lignes brutes.", holdsNot: "Écart avec les lignes brutes : prévenir l’exploitant.",
    what: "Quoi", stated: "Annoncé", counted: "Recompté", chain: "Empreinte", size: "Taille", attempt: "Présentation",
    hashOfFile: "SHA-256 du fichier", chainOf: "Empreinte du dernier lot", outcome: "Issue", reasons: "Motifs de refus",
    firstRefused: "Premières lignes refusées", line: "Ligne", reference: "Référence", found: "Trouvé", missing: "Manque",
    action: "Que faire", suspended: "suspendues", format: "Format",
  },
  en: {
    skip: "Skip to the figures", motto: "the State’s year-end, live", title: "Crescendo, live", language: "Language",
    search: "Find an act, a submission or a batch", searchHint: "EJ-1, submission 12, batch 7", find: "Find", key: "Key", close: "Close",
    pace: "Throughput", linesASecond: "lines a second", formsASecond: "forms a second",
    peak: "two minutes, at most {0} lines a second", now: "Now", since: "Counted since",
    flow: "The way of an act", arriving: "Arriving", uploads: "files on their way in",
    formsAnswered: "forms answered", formsInTime: "within 250 ms", waiting: "Waiting", filesWaiting: "files",
    linesWaiting: "lines", formsWaiting: "forms", oldest: "oldest", reading: "Reading", deciding: "Deciding",
    writing: "Writing", core: "of one core", prove: "proving the file", read: "reading", resolve: "resolving",
    decide: "control of credits", encode: "encoding", hash: "chaining", checkpoint: "checkpoint",
    lastBatch: "last batch", committedWithin: "99 % within", failed: "tried again", committed: "Committed",
    accepted: "accepted", duplicate: "duplicate", refused: "refused",
    flows: "Files by ministry", noFlows: "No file has come yet.", sender: "Sender", received: "Received",
    inTreatment: "In treatment", integrated: "Integrated", partly: "Partly", refusedFiles: "Refused",
    acceptedLines: "Lines accepted", refusedLines: "Lines refused",
    refusals: "Refusals by reason", noRefusals: "Nothing was refused.", reason: "Reason", lines: "Lines", share: "Share",
    cutOff: "Until the cut-off", passed: "closed for {0}", underWay: "lines under way", empty: "empty in",
    programmes: "Programmes, by what is left of AE and CP", noProgrammes: "No credits are opened yet.", programme: "Programme",
    year: "Year", aeOpened: "AE opened", aeLeft: "AE left", cpOpened: "CP opened", cpLeft: "CP left",
    aeShare: "part of AE", cpShare: "part of CP", money: "Amount",
    batches: "Last batches, and their proof", noBatches: "No batch is committed yet.", batch: "Batch", at: "Time",
    entries: "Entries", duplicates: "Duplicates", refusedShort: "Refused", amount: "Amount accepted", proof: "Proof",
    verify: "Verify", verifyBatch: "Verify batch {0}",
    submissions: "Last submissions", noSubmissions: "Submissions are shown to those whose key may see them.",
    submission: "Submission", file: "File", state: "State", acceptedShort: "Accepted", openSubmission: "Open submission {0}",
    truth: "Every figure is that of /metrics and of the database.", interface: "The interface",
    keyTitle: "A key is needed",
    keyTold: "Figures of all senders are for operators and auditors. The key stays in this tab alone.",
    keyRefused: "This key does not open this page.", use: "Use the key", forget: "Forget the key",
    "state.waiting": "Connecting…", "state.live": "Live", "state.loading": "Loading the book",
    "state.lost": "No answer, trying again", "state.locked": "A key is asked for",
    "ticket.waiting": "waiting", "ticket.deciding": "in treatment", "ticket.decided": "decided",
    said: "{0} lines a second, {1} files waiting, {2} lines accepted, {3} refused.",
    submissionTitle: "Submission {0}", batchTitle: "Proof of batch {0}", actTitle: "Act {0}",
    entry: "Entry {0}", day: "Date", payee: "Payee", node: "Budget node", aeBefore: "AE before", aeAfter: "AE after",
    cpBefore: "CP before", cpAfter: "CP after", related: "Related act", kind: "Kind", notFound: "Not there, or not visible with this key.",
    needsKey: "Give a key to see it.", failedRequest: "The service does not answer.",
    holds: "Everything agrees with the raw rows.", holdsNot: "It does not agree with the raw rows: tell the operator.",
    what: "What", stated: "Stated", counted: "Counted again", chain: "Hash", size: "Size", attempt: "Attempt",
    hashOfFile: "SHA-256 of the file", chainOf: "Hash of its last batch", outcome: "Outcome", reasons: "Reasons of refusal",
    firstRefused: "First refused lines", line: "Line", reference: "Reference", found: "Found", missing: "Missing",
    action: "What to do", suspended: "suspended", format: "Format",
  },
};

const NAME = "crescendo.language";
let chosen = remembered() ?? (navigator.language.startsWith("fr") ? "fr" : "en");

function remembered() {
  const found = localStorage.getItem(NAME);
  return found in WORDS ? found : null;
}

export function language() {
  return chosen;
}

export function choose(name) {
  chosen = name;
  localStorage.setItem(NAME, name);
  translate();
}

/** A word or a sentence; {0}, {1} ... are filled in. */
export function say(word, ...values) {
  return WORDS[chosen][word].replace(/\{(\d)\}/g, (_, place) => values[place]);
}

/** Put every fixed word of the page in the chosen language. */
export function translate() {
  document.documentElement.lang = chosen;
  document.title = say("title");
  for (const each of document.querySelectorAll("[data-word]")) each.textContent = say(each.dataset.word);
  for (const each of document.querySelectorAll("[data-label]")) each.setAttribute("aria-label", say(each.dataset.label));
  for (const each of document.querySelectorAll("[data-hint]")) each.placeholder = say(each.dataset.hint);
  for (const each of document.querySelectorAll("[data-language]")) {
    each.setAttribute("aria-pressed", String(each.dataset.language === chosen));
  }
}
