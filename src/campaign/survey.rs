//! What there is to do of a campaign, found without touching its folder.

use super::folder;
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
        // Others would be removed: the scenario's own stay.
        folder::strangers(&options.folder, &resolved, &known, options.force)?;
        let (runs, outcomes) = self.look(sizes, options);
        let outcomes: Vec<_> = ids.into_iter().zip(outcomes).collect();
        let pending = self.pending(&runs);
        let sizes = pending.iter().map(|run| &run.size);
        let jobs_and_threads = share_out(options.threads, options.jobs, sizes);
        Ok(self.outlook(&pending, &outcomes, jobs_and_threads, true))
    }
}
