// The texts of the page in both languages; the browser remembers the language that was selected.

const WORDS = {
  fr: {
    skip: "Aller aux chiffres", motto: "la fin de gestion, en direct", title: "Crescendo, en direct", language: "Langue",
    search: "Chercher un acte, un dépôt ou un lot", searchHint: "EJ-1, dépôt 12, lot 7", find: "Chercher", key: "Clé", close: "Fermer",
    throughput: "Débit", linesASecond: "lignes par seconde", formsASecond: "formulaires par seconde",
    peak: "deux dernières minutes, maximum {0} lignes par seconde", now: "Maintenant", since: "Compté depuis",
    flow: "Le chemin d’un acte", arriving: "Réception", uploads: "fichiers en cours d’envoi",
    formsAnswered: "formulaires traités", formsInTime: "en moins de 250 ms", waiting: "Attente", filesWaiting: "fichiers",
    linesWaiting: "lignes", formsWaiting: "formulaires", oldest: "le plus ancien", reading: "Lecture", deciding: "Décision",
    writing: "Écriture", core: "d’un cœur", prove: "contrôle du fichier", read: "lecture", resolve: "résolution des codes",
    decide: "contrôle des crédits", encode: "mise en forme", hash: "chaînage", checkpoint: "point de reprise",
    lastBatch: "dernier lot", committedWithin: "99 % en moins de", failed: "reprises", committed: "Validé",
    accepted: "acceptées", duplicate: "doublons", refused: "refusées", acceptedEuros: "Accepté depuis le démarrage, en euros",
    stepRequested: "demandé", stepPaid: "payé", stepCertified: "services faits", stepCommitted: "engagé",
    stepOpenedAe: "AE ouvertes", stepOpenedCp: "CP ouverts",
    firstStep: "Par où commencer", senderPaused: "en pause : {0}", limits: "limite",
    flows: "Fichiers par émetteur", noFlows: "Aucun fichier reçu.", sender: "Émetteur", received: "Reçus",
    inTreatment: "En traitement", integrated: "Intégrés", partly: "Partiels", refusedFiles: "Refusés",
    acceptedLines: "Lignes acceptées", refusedLines: "Lignes refusées",
    refusals: "Refus par motif", noRefusals: "Aucun refus.", reason: "Motif", lines: "Lignes", share: "Part",
    cutOff: "Avant la clôture", passed: "clôture passée depuis {0}", underWay: "lignes en cours", empty: "file vide dans",
    programmes: "Programmes, selon les AE et les CP restants", noProgrammes: "Aucun crédit ouvert.", programme: "Programme",
    year: "Année", aeOpened: "AE ouvertes", aeLeft: "AE restantes", cpOpened: "CP ouverts", cpLeft: "CP restants",
    aeShare: "part des AE", cpShare: "part des CP", money: "Montant",
    batches: "Derniers lots et leur preuve", noBatches: "Aucun lot validé.", batch: "Lot", at: "Heure", entries: "Écritures",
    duplicates: "Doublons", refusedShort: "Refus", amount: "Total de contrôle", proof: "Preuve", verify: "Vérifier",
    verifyBatch: "Vérifier le lot {0}",
    submissions: "Derniers dépôts", noSubmissions: "Les dépôts ne sont visibles qu’avec une clé qui y donne droit.", submission: "Dépôt",
    file: "Fichier", state: "État", acceptedShort: "Acceptées", openSubmission: "Ouvrir le dépôt {0}",
    sources: "Chaque chiffre provient de /metrics et de la base de données.", apiDocs: "Documentation de l’API",
    keyTitle: "Une clé est nécessaire",
    keyScope: "Les chiffres de tous les émetteurs sont réservés aux exploitants et aux auditeurs. La clé reste dans cet onglet.",
    keyRefused: "Cette clé ne donne pas accès à cette page.", use: "Utiliser la clé", forget: "Oublier la clé",
    "state.waiting": "Connexion…", "state.live": "En direct", "state.loading": "Chargement des données", "state.stopping": "Arrêt en cours",
    "state.lost": "Connexion perdue, nouvel essai", "state.locked": "Clé requise",
    "ticket.waiting": "en attente", "ticket.deciding": "en traitement", "ticket.decided": "décidé",
    summary: "{0} lignes par seconde, {1} fichiers en attente, {2} lignes acceptées, {3} refusées.",
    submissionTitle: "Dépôt {0}", batchTitle: "Preuve du lot {0}", actTitle: "Acte {0}",
    entry: "Écriture {0}", day: "Date", payee: "Bénéficiaire", node: "Nœud budgétaire", aeBefore: "AE avant", aeAfter: "AE après",
    cpBefore: "CP avant", cpAfter: "CP après", related: "Acte lié", kind: "Type", notFound: "Introuvable, ou non visible avec cette clé.",
    needsKey: "Saisissez une clé pour y accéder.", failedRequest: "Le service ne répond pas.",
    holds: "Tout concorde avec les lignes brutes.", holdsNot: "Écart avec les lignes brutes : prévenir l’exploitant.",
    what: "Donnée", stated: "Annoncé", counted: "Recompté", chain: "Empreinte", size: "Taille", attempt: "Présentation",
    hashOfFile: "SHA-256 du fichier", chainOf: "Empreinte du dernier lot", outcome: "Résultat", reasons: "Motifs de refus",
    firstRefused: "Premières lignes refusées", line: "Ligne", reference: "Référence", found: "Valeur trouvée", missing: "Manquant",
    action: "Que faire", suspended: "suspendues", format: "Format",
  },
  en: {
    skip: "Skip to the figures", motto: "the State’s year-end, live", title: "Crescendo, live", language: "Language",
    search: "Find an act, a submission or a batch", searchHint: "EJ-1, submission 12, batch 7", find: "Find", key: "Key", close: "Close",
    throughput: "Throughput", linesASecond: "lines a second", formsASecond: "forms a second",
    peak: "last two minutes, peak {0} lines a second", now: "Now", since: "Counted since",
    flow: "The path of an act", arriving: "Reception", uploads: "uploads in progress",
    formsAnswered: "forms answered", formsInTime: "within 250 ms", waiting: "Waiting", filesWaiting: "files",
    linesWaiting: "lines", formsWaiting: "forms", oldest: "oldest", reading: "Reading", deciding: "Decision",
    writing: "Writing", core: "of one core", prove: "file validation", read: "reading", resolve: "code resolution",
    decide: "budget check", encode: "encoding", hash: "hash chain", checkpoint: "checkpoint",
    lastBatch: "last batch", committedWithin: "99 % within", failed: "retries", committed: "Committed",
    accepted: "accepted", duplicate: "duplicate", refused: "refused", acceptedEuros: "Accepted since the start, in euros",
    stepRequested: "requested", stepPaid: "paid", stepCertified: "services certified", stepCommitted: "committed",
    stepOpenedAe: "AE opened", stepOpenedCp: "CP opened",
    firstStep: "What to do first", senderPaused: "paused: {0}", limits: "limits",
    flows: "Files by sender", noFlows: "No file received.", sender: "Sender", received: "Received",
    inTreatment: "In progress", integrated: "Integrated", partly: "Partly", refusedFiles: "Refused",
    acceptedLines: "Accepted lines", refusedLines: "Refused lines",
    refusals: "Refusals by reason", noRefusals: "No refusals.", reason: "Reason", lines: "Lines", share: "Share",
    cutOff: "Until the cut-off", passed: "passed {0} ago", underWay: "lines in progress", empty: "queue empty in",
    programmes: "Programmes, by remaining AE and CP", noProgrammes: "No credits opened.", programme: "Programme",
    year: "Year", aeOpened: "AE opened", aeLeft: "AE remaining", cpOpened: "CP opened", cpLeft: "CP remaining",
    aeShare: "share of AE", cpShare: "share of CP", money: "Amount",
    batches: "Latest batches and their proof", noBatches: "No batch committed.", batch: "Batch", at: "Time",
    entries: "Entries", duplicates: "Duplicates", refusedShort: "Refused", amount: "Control total", proof: "Proof",
    verify: "Verify", verifyBatch: "Verify batch {0}",
    submissions: "Latest submissions", noSubmissions: "Submissions are visible only with a key that has access to them.",
    submission: "Submission", file: "File", state: "State", acceptedShort: "Accepted", openSubmission: "Open submission {0}",
    sources: "Every figure comes from /metrics and the database.", apiDocs: "API documentation",
    keyTitle: "A key is required",
    keyScope: "The figures of all senders are reserved for operators and auditors. The key stays in this tab.",
    keyRefused: "This key does not give access to this page.", use: "Use the key", forget: "Forget the key",
    "state.waiting": "Connecting…", "state.live": "Live", "state.loading": "Loading the book", "state.stopping": "Stopping",
    "state.lost": "Connection lost, retrying", "state.locked": "Key required",
    "ticket.waiting": "waiting", "ticket.deciding": "in progress", "ticket.decided": "decided",
    summary: "{0} lines a second, {1} files waiting, {2} lines accepted, {3} refused.",
    submissionTitle: "Submission {0}", batchTitle: "Proof of batch {0}", actTitle: "Act {0}",
    entry: "Entry {0}", day: "Date", payee: "Payee", node: "Budget node", aeBefore: "AE before", aeAfter: "AE after",
    cpBefore: "CP before", cpAfter: "CP after", related: "Related act", kind: "Kind", notFound: "Not found, or not visible with this key.",
    needsKey: "Enter a key to see it.", failedRequest: "The service does not answer.",
    holds: "Everything agrees with the raw rows.", holdsNot: "It differs from the raw rows: inform the operator.",
    what: "Figure", stated: "Stated", counted: "Recomputed", chain: "Hash", size: "Size", attempt: "Attempt",
    hashOfFile: "SHA-256 of the file", chainOf: "Hash of its last batch", outcome: "Outcome", reasons: "Reasons for refusal",
    firstRefused: "First refused lines", line: "Line", reference: "Reference", found: "Value found", missing: "Missing",
    action: "What to do", suspended: "suspended", format: "Format",
  },
};

const STORAGE_KEY = "crescendo.language";
let currentLanguage = readStoredLanguage() ?? (navigator.language.startsWith("fr") ? "fr" : "en");

function readStoredLanguage() {
  const language = localStorage.getItem(STORAGE_KEY);
  return language in WORDS ? language : null;
}

export function getLanguage() {
  return currentLanguage;
}

export function selectLanguage(language) {
  currentLanguage = language;
  localStorage.setItem(STORAGE_KEY, language);
  applyLanguage();
}

/** Return the text of a word or sentence in the current language; {0}, {1} ... are replaced by the values. */
export function translate(word, ...values) {
  return WORDS[currentLanguage][word].replace(/\{(\d)\}/g, (_, index) => values[index]);
}

/** Write every fixed text of the page in the current language. */
export function applyLanguage() {
  document.documentElement.lang = currentLanguage;
  document.title = translate("title");
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = translate(element.dataset.word);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", translate(element.dataset.label));
  for (const element of document.querySelectorAll("[data-hint]")) element.placeholder = translate(element.dataset.hint);
  for (const element of document.querySelectorAll("[data-language]")) {
    element.setAttribute("aria-pressed", String(element.dataset.language === currentLanguage));
  }
}
