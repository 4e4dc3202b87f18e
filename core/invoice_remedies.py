"""What to do about a request of an invoice that is requested already (rule A37)."""

from core.remedy import Remedy

INVOICE_ALREADY_REQUESTED = Remedy(
    "This invoice of this supplier, with this number and date, is requested already, or the part of it that is stated;"
    " unless both requests state a date, any date counts as the same. The refusal names the entry.",
    "Pay nothing twice. If the line is about another invoice of that number, state invoice_date on the request of each; if"
    " about another part, invoice_part; if the first request was wrong or has no date, have it rejected in full, then send"
    " both again.",
    "Cette facture de ce fournisseur, de même numéro et de même date, ou la part indiquée, fait déjà l'objet d'une demande"
    " de paiement ; si l'une des demandes est sans date, toute date est réputée la même. Le rejet nomme l'écriture.",
    "Ne rien payer deux fois. S'il s'agit d'une autre facture de ce numéro, indiquer invoice_date sur chaque demande ;"
    " d'une autre part, invoice_part ; si la première demande était erronée ou sans date, la faire rejeter en totalité,"
    " puis présenter les deux de nouveau.",
)
