"""The texts of the refusals of assets: the finding and the remedy, in English and in French."""

from collections.abc import Mapping

from core.outcome_codes import Outcome
from core.remedy import Remedy

_O = Outcome

ASSET_REMEDIES: Mapping[Outcome, Remedy] = {
    _O.DEPRECIATION_EXCEEDED: Remedy(
        "The charge is above what the plan of the asset gives to the end of the month of its day, less what is depreciated;"
        " an asset without a plan has no charge.",
        "Charge at most what is missing to the plan: assets.csv of the year of the service gives its months.",
        "La dotation dépasse l'annuité du plan d'amortissement à la fin du mois de sa date, déduction faite des dotations"
        " antérieures ; une immobilisation sans plan ne s'amortit pas.",
        "Doter au plus le complément du plan : assets.csv de l'année de mise en service en donne la durée en mois.",
    ),
    _O.ASSET_VALUE_EXCEEDED: Remedy(
        "The line takes out more than stands of the asset: of its net value, or of what is depreciated.",
        "Take out at most what report assets lists: the net value by an asset_disposal, what is depreciated by an"
        " asset_depreciation_disposal.",
        "La ligne sort plus que ce qui reste de l'immobilisation : de sa valeur nette, ou de ses amortissements.",
        "Sortir au plus ce que report assets indique : la valeur nette par asset_disposal, les amortissements par"
        " asset_depreciation_disposal.",
    ),
    _O.DEPRECIATION_SHARE_EXCEEDED: Remedy(
        "The line takes out more of what is depreciated than its share that leaves with the net value taken out so far.",
        "Take out the net value of the part first, by an asset_disposal; then at most the same share of what is depreciated,"
        " rounded down to the cent.",
        "La ligne sort plus d'amortissements que la part qui suit la valeur nette déjà sortie.",
        "Sortir d'abord la valeur nette de la partie par asset_disposal, puis au plus la même part des amortissements,"
        " arrondie au centime inférieur.",
    ),
}
