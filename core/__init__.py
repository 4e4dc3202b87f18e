"""The vocabulary of Crescendo.  Everything above speaks it; it knows nothing of them.

One word, one meaning (the official French term in italics in the documentation, in brackets here):

act              what a ministry asks for; one or more lines, all accepted or none [acte]
line             one row of an act: one amount on one account assignment [poste]
kind             what sort of act it is: a row of ``core.catalog``
entry            the balanced double entry an accepted line leaves in the journal [écriture]
account          a number of the State chart of accounts [compte du PCE]
role             what an account is for; the engine posts to roles, the year's chart names the account
cell             an account assignment: fund centre, functional area, commitment item, fund, budget year [imputation]
node             a place where budget is controlled: fund centre x T2/HT2 x fund family x budget year
AE               commitment appropriation: ceiling on what may be engaged [autorisation d'engagement]
CP               payment appropriation: ceiling on what may be paid [crédit de paiement]
T2 / HT2         staff title / all other titles [titre 2 / hors titre 2]
commitment       legal commitment that binds the State [engagement juridique, EJ]
service          certification that the service was rendered [service fait, SF]
payment request  liquidation and order to pay [demande de paiement, DP]
predecessor      the act this one follows: a service follows a commitment
reference        the sender's own name for an act, unique by sender, family and exercise
sender           the ministry system that submits [application partenaire]
imputation file  what a payment file cannot say: the assignment of each of its transfers [fichier d'imputation]
lot              a payment information of a payment file: transfers of one account and day [lot]
submission       one file, or one form, as received
batch            the acts committed together: one transaction, one link of the hash chain
"""
