//! What there is to do of a campaign, found without touching its folder.

use super::folder::{self, Holder};
use super::workload::{Size, share_out};
use super::{Campaign, CampaignError, CampaignOptions, Outlook};
use crate::scenario::RunId;

impl Campaign {
    /// Checks every point and finds what [`Campaign::run`] would do. Nothing is written.
    ///
    /// # Errors
    /// A scenario that is wrong or a folder that cannot be used.
    pub fn survey(&self, options: &CampaignOptions<'_>) -> Result<Outlook, CampaignError> {
        let mut sizes = Vec::new();
        self.plans(|plan| sizes.push(Size::of(&plan)))?;
        let ids: Vec<RunId> = sizes.iter().map(|size| size.id.clone()).collect();
        let known = ids.iter().map(RunId::to_string).collect();
        let resolved = self.file.resolved();
        let holder = folder::holder(&options.folder, &resolved, &known, options.force)?;
        // Results of another scenario would be removed: there is nothing in a file.
        let emptied = CampaignOptions {
            folder: options.folder.join("scenario.toml"),
            ..options.clone()
        };
        let seen = match holder {
            Holder::Same | Holder::RecordsOtherwise | Holder::Nobody => options,
            Holder::Other => &emptied,
        };
        let (runs, outcomes) = self.look(sizes, seen);
        let outcomes: Vec<_> = ids.into_iter().zip(outcomes).collect();
        let pending = self.pending(&runs);
        let sizes = pending.iter().map(|run| &run.size);
        let jobs_and_threads = share_out(options.threads, options.jobs, sizes);
        Ok(self.outlook(&pending, &outcomes, jobs_and_threads, true))
    }
}
